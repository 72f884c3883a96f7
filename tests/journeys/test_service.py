"""One life of a model on a service: two servers that take turns, a worker that trains, another that draws, each
process with a folder of its own, over MongoDB, S3 and Redis."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import StreamReader
from PIL import Image

from config.settings import Settings
from core.datasets.resumable import MIN_CHUNK_BYTES
from core.studio import Studio
from tests.adapters.web.conftest import PREFIX, Api, Json, picture, save
from tests.s3_proxy import Faults, open_proxy
from tests.service import Servers, is_service, make_settings, run_servers, run_workers
from tests.stores import set_stores

QUICK = {"steps": 12, "train_batch_size": 2, "rank": 2, "sample_every_steps": 10}
ENDED = ("completed", "failed", "cancelled")
_WAIT_S = 240.0


@pytest.fixture
async def settings(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Settings]:
    """Settings of a service; who earns anything is paid at once."""
    async with AsyncExitStack() as stack:
        if not is_service():
            mongodb_url, s3_url = map(request.getfixturevalue, ("mongodb_url", "s3_url"))
            proxied = await stack.enter_async_context(open_proxy(s3_url, Faults()))
            settings = await stack.enter_async_context(set_stores(settings, mongodb_url, proxied))
        yield make_settings(settings, payout_every_s=1.0, payout_minimum_points=1)


@pytest.fixture
async def servers(settings: Settings, studio: Studio) -> AsyncIterator[Servers]:
    """Two servers, and two workers of which each can do what the other cannot."""
    trains: dict[str, object] = {"worker_kinds": ("train",), "worker_families": ("tiny",)}
    draws = {**trains, "worker_kinds": ("generate",)}
    async with run_servers(settings) as opened, run_workers(studio, settings, trains, draws):
        yield opened


class Listener:
    """What one server tells somebody live."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Json]] = []
        self.changed = asyncio.Event()

    def list_statuses(self, id: str) -> list[str]:
        return [str(data["status"]) for _, data in self.events if data.get("id") == id]

    async def wait_for_end(self, id: str) -> str:
        """Return how a job ended, once this was told."""
        async with asyncio.timeout(_WAIT_S):
            while not (told := self.list_statuses(id)) or told[-1] not in ENDED:
                self.changed.clear()
                await self.changed.wait()
        return told[-1]


@asynccontextmanager
async def listen(servers: Servers, api: Api) -> AsyncIterator[list[Listener]]:
    """Listen at every server to what happens to somebody."""
    async with AsyncExitStack() as stack:
        listeners, hearing = [], []
        for url in servers.urls:
            asked = servers.session.get(f"{url}{PREFIX}/events", headers=api.credentials)
            stream = await stack.enter_async_context(asked)
            await stream.content.readline()  # it listens now
            listeners.append(Listener())
            hearing.append(asyncio.create_task(_hear(stream.content, listeners[-1])))
        try:
            yield listeners
        finally:
            for task in hearing:
                task.cancel()
            await asyncio.gather(*hearing, return_exceptions=True)


async def _hear(lines: StreamReader, listener: Listener) -> None:
    kind = ""
    async for line in lines:
        name, _, text = line.decode().strip().partition(": ")
        if name == "event":
            kind = text
        elif name == "data":
            listener.events.append((kind, json.loads(text)))
            listener.changed.set()


async def meet(servers: Servers, studio: Studio, name: str) -> Api:
    """Make somebody with a hundred points."""
    account, _ = await studio.accounts.first_contact("test", name, name)
    await studio.points.grant(account.id, 100, f"start {name}", "A gift")
    _, token = await studio.tokens.create(account, "test")
    return Api(servers, account, token)  # type: ignore[arg-type]  # it asks as a test's client does


@pytest.mark.timeout(900)  # six processes, on a machine that may be busy
async def test_a_model_is_made_used_and_paid_for_on_two_servers_and_two_workers(
    servers: Servers, studio: Studio
) -> None:
    ada, bob = [await meet(servers, studio, name) for name in ("ada", "bob")]
    training = await _train(servers, ada)
    model = await ada.json("GET", f"/models/{training['model']}")
    await _compare_files(servers, ada, model)
    published = {"trigger_words": ["flagon"], "access": "public"}
    await ada.json("PUT", f"/models/{model['id']}/publication", json=published)
    drawn = await _draw(servers, bob)
    price, royalty = drawn["charged_points"], drawn["charged_points"] // 2
    lines = await _wait_for_pay(ada)
    paid = [line["amount_points"] for line in lines if line["kind"] == "sweep"]
    assert paid == [royalty] and royalty > 0, "two servers pay, and each royalty once"
    assert (await bob.json("GET", "/points/balance"))["balance_points"] == 100 - price
    verdict = await studio.reconciler.reconcile()
    assert verdict.is_sound and verdict.open_holds_points == 0
    assert verdict.balances_points == 200 - training["charged_points"] - price + royalty


async def _train(servers: Servers, ada: Api) -> Json:
    """Upload pictures, train on them, and return the training; both servers tell of it live."""
    dataset = (await ada.json("POST", "/datasets", 201, json={"name": "Flags"}))["id"]
    for seed in (1, 2):
        [sent] = await ada.upload(dataset, (f"{seed}.png", save(picture(seed))))
        assert sent["outcome"] == "added"
    await _send_in_parts(ada, dataset, save(picture(3, 420, 420)))
    order = {"dataset": dataset, "offering": "tiny-lora", "trigger_words": ["flagon"]}
    asked = {"json": order | {"params": QUICK}, "headers": {"Idempotency-Key": "once"}}
    async with listen(servers, ada) as listeners:
        made, again = [await ada.json("POST", "/trainings", 201, **asked) for _ in servers.urls]
        assert made["id"] == again["id"]
        for listener in listeners:
            assert await listener.wait_for_end(made["id"]) == "completed"
            assert listener.list_statuses(made["id"])[0] == "queued"
    return await _get_settled(ada, f"/trainings/{made['id']}")


async def _send_in_parts(api: Api, dataset: str, body: bytes) -> None:
    """Send a picture of which each server gets a part."""
    assert len(body) > MIN_CHUNK_BYTES
    sha256 = hashlib.sha256(body).hexdigest()
    announced = {"filename": "3.png", "size_bytes": len(body), "sha256": sha256}
    upload = await api.json("POST", f"/datasets/{dataset}/uploads", 201, json=announced)
    place, kind = f"/datasets/{dataset}/uploads/{upload['id']}", "application/octet-stream"
    for start, end in ((0, MIN_CHUNK_BYTES), (MIN_CHUNK_BYTES, len(body))):
        part, headers = io.BytesIO(body[start:end]), {"Content-Type": kind}
        step = await api.json("PUT", f"{place}?offset={start}", data=part, headers=headers)
    [sent] = step["files"]
    assert sent["outcome"] == "added"


async def _get_settled(api: Api, path: str) -> Json:
    """Return a job once its points are settled, which follows its end."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            job = await api.json("GET", path)
            if job["charged_points"] is not None:
                return job
            await asyncio.sleep(0.1)


async def _compare_files(servers: Servers, api: Api, model: Json) -> None:
    """Download each file of a model from each server."""
    for file in model["files"]:
        for _ in servers.urls:
            answer = await api.ask("GET", f"/models/{model['id']}/files/{file['name']}")
            assert answer.status == 200
            assert hashlib.sha256(await answer.read()).hexdigest() == file["sha256"]


async def _draw(servers: Servers, bob: Api) -> Json:
    """Have pictures drawn by a prompt with the model's word, and return the generation."""
    wanted = {"prompt": "a flagon on a hill", "seed": 5, "params": {"count": 2, "steps": 25}}
    asked = {"json": wanted, "headers": {"Idempotency-Key": "once"}}
    async with listen(servers, bob) as listeners:
        made = await bob.json("POST", "/generations", 201, **asked)
        for listener in listeners:
            assert await listener.wait_for_end(made["id"]) == "completed"
    drawn = await _get_settled(bob, f"/generations/{made['id']}")
    assert len(drawn["pictures"]) == 2
    for shown in drawn["pictures"]:
        name = shown["file"]["name"]
        answer = await bob.ask("GET", f"/generations/{made['id']}/images/{name}")
        assert Image.open(io.BytesIO(await answer.read())).size == (64, 64)
    return drawn


async def _wait_for_pay(api: Api) -> list[Json]:
    """Return a statement once a royalty is on it."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            lines: list[Json] = (await api.json("GET", "/points/statement"))["items"]
            if any(line["kind"] == "sweep" for line in lines):
                return lines
            await asyncio.sleep(0.1)
