"""A server that is killed at each named write: the client asks again, and it is as if nothing had happened."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest

from config.processes import find_free_port
from config.settings import Settings
from core.accounts.records import Scope
from core.jobs.records import Status
from core.points.records import EntryKind
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.worker.people import QUICK, Person, draw_flag, meet

SUBMIT_POINTS = ("snapshot taken", "job pending", "points held", "job queued")
TRANSFER_POINTS = ("transfer kept", "points given", "points received")
UPLOAD_POINTS = ("storage reserved", "picture stored", "item inserted")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"http_port": find_free_port()})


@pytest.mark.parametrize("point", SUBMIT_POINTS)
async def test_a_submission_to_a_server_that_is_killed_is_made_once(
    point: str, settings: Settings, studio: Studio
) -> None:
    person = await meet(studio)
    url, headers = await _sign_in(studio, settings, person)
    body = {
        "dataset": person.dataset,
        "offering": "tiny-lora",
        "trigger_words": ["flagon"],
        "params": QUICK,
    }
    async with aiohttp.ClientSession(headers=headers | {"Idempotency-Key": "once"}) as session:
        async with _killed_server(settings, point):
            with contextlib.suppress(aiohttp.ClientError):
                await session.post(f"{url}/trainings", json=body)
        server = await processes.start(settings, "serve")
        try:
            await _wait_until_ready(session, url)
            answers = []
            for _ in range(2):
                async with session.post(f"{url}/trainings", json=body) as answer:
                    answers.append(await answer.json())
        finally:
            await processes.end(server)
    assert answers[0]["id"] == answers[1]["id"]
    assert answers[0]["status"] == "queued"
    jobs = (await studio.jobs.list_own(person.principal, PageRequest())).items
    assert [job.status for job in jobs] == [Status.QUEUED]
    entries = (await studio.points.get_statement(person.principal, PageRequest())).items
    assert [entry.kind for entry in entries] == [EntryKind.HOLD, EntryKind.GRANT]
    assert (await studio.reconciler.reconcile()).is_sound


@pytest.mark.parametrize("point", UPLOAD_POINTS)
async def test_a_picture_sent_to_a_server_that_is_killed_is_kept_once(
    point: str, settings: Settings, studio: Studio
) -> None:
    person = await meet(studio, images=1)
    url, headers = await _sign_in(studio, settings, person)
    async with aiohttp.ClientSession(headers=headers) as session:
        async with _killed_server(settings, point):
            with contextlib.suppress(aiohttp.ClientError):
                await session.post(f"{url}/datasets/{person.dataset}/images", data=_make_form())
        server = await processes.start(settings, "serve")
        try:
            await _wait_until_ready(session, url)
            place = f"{url}/datasets/{person.dataset}/images"
            async with session.post(place, data=_make_form()) as answer:
                assert answer.status == 200
        finally:
            await processes.end(server)
    items = await studio.datasets.list_active(person.dataset)
    assert len(items) == 2
    assert len({item.sha256 for item in items}) == 2
    for item in items:
        assert (await studio.blobs.info(item.blob_key)).sha256 == item.sha256


@pytest.mark.parametrize("point", TRANSFER_POINTS)
async def test_points_given_through_a_server_that_is_killed_arrive_once(
    point: str, settings: Settings, studio: Studio
) -> None:
    person = await meet(studio, images=0)
    ben, _ = await studio.accounts.first_contact("test", "ben", "Ben")
    before = await studio.points.get_balance(person.principal.account)
    url, headers = await _sign_in(studio, settings, person)
    body = {"to": ben.id, "points": 7}
    headers["Idempotency-Key"] = "once"
    async with aiohttp.ClientSession(headers=headers) as session, _killed_server(settings, point):
        with contextlib.suppress(aiohttp.ClientError):
            await session.post(f"{url}/points/transfers", json=body)
    verdict = await studio.reconciler.reconcile()
    assert verdict.is_sound
    assert verdict.between_points == (7 if point == "points given" else 0)
    for _ in range(2):
        await studio.transfers.give(person.principal, ben.id, 7, "once")
    assert await studio.points.get_balance(person.principal.account) == before - 7
    assert await studio.points.get_balance(ben.id) == 7
    verdict = await studio.reconciler.reconcile()
    assert (verdict.is_sound, verdict.between_points) == (True, 0)


async def _sign_in(
    studio: Studio, settings: Settings, person: Person
) -> tuple[str, dict[str, str]]:
    account = await studio.accounts.get(person.principal)
    _, token = await studio.tokens.create(account, "test", tuple(Scope))
    url = f"http://127.0.0.1:{settings.http_port}/api/v1"
    return url, {"Authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def _killed_server(settings: Settings, point: str) -> AsyncIterator[None]:
    """Run a server for one request, at which it is to kill itself."""
    doomed = await processes.start(settings, "serve", point)
    url = f"http://127.0.0.1:{settings.http_port}/api/v1"
    try:
        async with aiohttp.ClientSession() as session:
            await _wait_until_ready(session, url)
        yield
        async with asyncio.timeout(30):
            assert await doomed.wait() == -signal.SIGKILL, f"“{point}” was not reached"
    finally:
        await processes.end(doomed)


async def _wait_until_ready(session: aiohttp.ClientSession, url: str) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)


def _make_form() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("files", draw_flag(77), filename="77.png")
    return form
