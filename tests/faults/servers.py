"""kill -9 of a server at each named write: whoever asked asks another server, and it is as if nothing had happened."""

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from config.processes import find_free_port
from core.accounts.records import Scope
from core.jobs.records import Status
from core.points.records import EntryKind
from tests.faults import processes
from tests.faults.ground import Ground, Yard, open_yard
from tests.faults.rows import Row
from tests.worker.people import QUICK, draw_flag

SUBMIT_POINTS = ("snapshot taken", "job pending", "points held", "job queued")
TRANSFER_POINTS = ("transfer kept", "points given", "points received")
UPLOAD_POINTS = ("storage reserved", "picture stored", "item inserted")
_IMAGES = 4
_ANSWER = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True)
class Door:
    """The server that lives, beside those that are killed, and who knocks."""

    yard: Yard
    session: aiohttp.ClientSession
    url: str


Ask = Callable[[Door, str, int], Awaitable[aiohttp.ClientResponse]]
Check = Callable[[Door, int, Row], Awaitable[None]]
Theme = tuple[tuple[str, ...], Ask, Check]


async def kill_servers(ground: Ground, times: int) -> Row:
    """Kill a server at each write of a submission, an upload and a transfer, so many times."""
    writes = len(SUBMIT_POINTS + UPLOAD_POINTS + TRANSFER_POINTS)
    row = Row(f"server: kill -9 at each of {writes} named writes; the client asks another server")
    themes: tuple[Theme, ...] = (
        (SUBMIT_POINTS, _submit, _check_submission),
        (UPLOAD_POINTS, _upload, _check_upload),
        (TRANSFER_POINTS, _transfer, _check_transfer),
    )
    for _ in range(times):
        for theme in themes:
            await _kill_all(ground, theme, row)
    return row


async def _kill_all(ground: Ground, theme: Theme, row: Row) -> None:
    points, ask, check = theme
    async with _open_door(ground) as door:
        for count, point in enumerate(points):
            await _kill_one(door, point, ask, count, row)
            await check(door, count, row)


async def _kill_one(door: Door, point: str, ask: Ask, count: int, row: Row) -> None:
    """Ask a server that dies of it, then twice the one that lives."""
    port = find_free_port()
    settings = door.yard.settings.model_copy(update={"http_port": port})
    doomed = await processes.start(settings, "serve", point)
    url = f"http://127.0.0.1:{port}/api/v1"
    try:
        await _wait_until_ready(door.session, url)
        with contextlib.suppress(aiohttp.ClientError):
            async with await ask(door, url, count) as answer:
                text = await answer.text()
                raise AssertionError(f"“{point}” was not reached: {answer.status} {text}")
        await doomed.wait_killed()
    finally:
        doomed.send_signal(signal.SIGKILL)
    began_s = time.monotonic()
    answers = []
    for _ in range(2):
        async with await ask(door, door.url, count) as answer:
            answers.append(await answer.json())
            if answer.status >= 300:
                row.lose(f"{point}: answered with {answer.status}")
    row.recovered_s.append(time.monotonic() - began_s)
    if answers[0].get("id") != answers[1].get("id"):
        row.double(f"{point}: two answers")
    row.times += 1
    row.jobs += 1


async def _submit(door: Door, url: str, count: int) -> aiohttp.ClientResponse:
    body = {
        "dataset": door.yard.person.dataset,
        "offering": "tiny-lora",
        "trigger_words": ["flagon"],
        "params": QUICK,
    }
    headers = {"Idempotency-Key": f"submit {count}"}
    return await door.session.post(f"{url}/trainings", json=body, headers=headers)


async def _check_submission(door: Door, count: int, row: Row) -> None:
    studio = door.yard.studio
    jobs = await studio.leases._jobs.find({})
    row.expect("jobs", len(jobs), count + 1)
    row.stuck += sum(job.status is not Status.QUEUED for job in jobs)
    await _check_ledger(door, EntryKind.HOLD, count + 1, row)


async def _upload(door: Door, url: str, count: int) -> aiohttp.ClientResponse:
    form = aiohttp.FormData()
    form.add_field("files", draw_flag(1000 + count), filename=f"{count}.png")
    return await door.session.post(f"{url}/datasets/{door.yard.person.dataset}/images", data=form)


async def _check_upload(door: Door, count: int, row: Row) -> None:
    items = await door.yard.studio.datasets.list_active(door.yard.person.dataset)
    row.expect("pictures", len({item.sha256 for item in items}), count + 1 + _IMAGES)
    row.expect("items", len(items), count + 1 + _IMAGES)
    for item in items:
        if (await door.yard.studio.blobs.info(item.blob_key)).sha256 != item.sha256:
            row.lose(item.blob_key)


async def _transfer(door: Door, url: str, count: int) -> aiohttp.ClientResponse:
    ben, _ = await door.yard.studio.accounts.first_contact("test", "ben", "Ben")
    headers = {"Idempotency-Key": f"give {count}"}
    body = {"to": ben.id, "points": 7}
    return await door.session.post(f"{url}/points/transfers", json=body, headers=headers)


async def _check_transfer(door: Door, count: int, row: Row) -> None:
    ben, _ = await door.yard.studio.accounts.first_contact("test", "ben", "Ben")
    has = await door.yard.studio.points.get_balance(ben.id)
    row.expect("points received", has, 7 * (count + 1))
    await _check_ledger(door, EntryKind.TRANSFER_OUT, count + 1, row)
    verdict = await door.yard.studio.reconciler.reconcile()
    row.stuck += verdict.between_points != 0


async def _check_ledger(door: Door, kind: EntryKind, wanted: int, row: Row) -> None:
    entries = await door.yard.studio.points._entries.find(
        {"account": door.yard.person.principal.account}
    )
    row.expect(f"entries {kind}", Counter(entry.kind for entry in entries)[kind], wanted)
    for finding in (await door.yard.studio.reconciler.reconcile()).findings:
        row.lose(finding)


@asynccontextmanager
async def _open_door(ground: Ground) -> AsyncIterator[Door]:
    """Run a server that lives."""
    settings = ground.make_settings().model_copy(update={"http_port": find_free_port()})
    async with AsyncExitStack() as stack:
        yard = await stack.enter_async_context(open_yard(settings, images=_IMAGES))
        account = await yard.studio.accounts.get(yard.person.principal)
        _, token = await yard.studio.tokens.create(account, "test", tuple(Scope))
        session = await stack.enter_async_context(
            aiohttp.ClientSession(
                timeout=_ANSWER,
                headers={"Authorization": f"Bearer {token}"},
                connector=aiohttp.TCPConnector(force_close=True),
            )
        )
        server = await processes.start(settings, "serve")
        stack.push_async_callback(processes.end, server)
        url = f"http://127.0.0.1:{settings.http_port}/api/v1"
        await _wait_until_ready(session, url)
        yield Door(yard, session, url)


async def _wait_until_ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
