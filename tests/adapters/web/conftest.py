"""A real server on loopback over a real studio, and people who ask it; every answer is searched for leaks."""

import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientResponse, DummyCookieJar, FormData
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from PIL import Image

from adapters.web.app import create_app
from adapters.web.cookies import make_csrf_token
from config.settings import Settings
from core.accounts.records import Account, Principal, Role
from core.jobs.records import Job, Kind, Picture, Sample, StoredFile
from core.studio import Studio

Json = Any
"""Parsed JSON: its shape is what the tests look at."""
PREFIX = "/api/v1"
WEIGHTS = bytes(range(256)) * 2000
_LEAKS = re.compile(
    r"\b(blob_key|thumbnail_key|lease|lease_\w+|secret|secret_\w+|request_sha256|idempotency_key|needs_settling)\b"
)
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "Trainyard",
}


class Api:
    """One person's way to the API."""

    def __init__(
        self, client: TestClient[Request, Application], account: Account, token: str
    ) -> None:
        self.client = client
        self.account = account
        self.principal = Principal(account=account.id, role=account.role)
        self.token = token

    @property
    def credentials(self) -> dict[str, str]:
        """The headers that say who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def ask(self, method: str, path: str, **options: Any) -> ClientResponse:
        # Any: aiohttp's own request options
        """Send a request; every answer must be hardened and must not leak."""
        headers = {**self.credentials, **options.pop("headers", {})}
        response = await self.client.request(method, PREFIX + path, headers=headers, **options)
        for name, value in _SAFE_HEADERS.items():
            assert response.headers.get(name) == value, f"{name} of {method} {path}"
        if "json" in response.content_type or "text/csv" in response.content_type:
            assert not (leak := _LEAKS.search(await response.text())), f"{method} {path}: {leak}"
        return response

    async def json(self, method: str, path: str, status: int = 200, **options: Any) -> Json:
        # Any: as above
        """Send a request that must be answered with this status, and return its JSON."""
        response = await self.ask(method, path, **options)
        text = await response.text()
        assert response.status == status, text
        if status >= 400:
            assert response.content_type == "application/problem+json"
        else:
            assert response.headers["Cache-Control"] == "no-store"
        return await response.json(content_type=None) if text else None

    async def upload(self, dataset: str, *files: tuple[str, bytes], **options: Any) -> Json:
        # Any: as above
        """Send files by name and return what became of each."""
        form = FormData(quote_fields=False)
        for name, body in files:
            if name == "caption":
                form.add_field("caption", body.decode())
            else:
                form.add_field("files", io.BytesIO(body), filename=name)
        answer = await self.json("POST", f"/datasets/{dataset}/images", data=form, **options)
        return answer["files"]


class Browser(Api):
    """A browser in which somebody is signed in, on one of our own pages; `token` is the cookie's secret."""

    @property
    def credentials(self) -> dict[str, str]:
        proof = {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": make_csrf_token(self.token)}
        return {**self.cookie, **proof}

    @property
    def cookie(self) -> dict[str, str]:
        """What the browser sends whoever made it ask."""
        return {"Cookie": f"trainyard={self.token}"}


async def sign_in(api: Api, studio: Studio) -> Browser:
    """Sign somebody in by a link, in a new browser."""
    link = await studio.sessions.offer_link(api.principal, "test")
    _, secret = await studio.sessions.sign_in(link, "Firefox")
    return Browser(api.client, api.account, secret)


def picture(seed: int = 1, width: int = 96, height: int = 64) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    values[: height // 2] = (200, 30 * seed % 255, 40)
    return Image.fromarray(values)


def save(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    # Any: Pillow's own options
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


async def once(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that name a caption model; no worker loads it here."""
    return settings.model_copy(update={"caption_model": "/models/blip"})


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[TestClient[Request, Application]]:
    app = create_app(studio, heartbeat_s=0.2)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as opened:
        yield opened


async def meet(client: TestClient[Request, Application], studio: Studio, name: str) -> Api:
    account, _ = await studio.accounts.first_contact("test", name, name)
    _, token = await studio.tokens.create(account, "test")
    return Api(client, account, token)


async def meet_admin(client: TestClient[Request, Application], studio: Studio) -> Api:
    account, _ = await studio.accounts.first_contact("test", "root", "root", role=Role.ADMIN)
    _, token = await studio.tokens.create(account, "test")
    return Api(client, account, token)


@pytest.fixture
async def ada(client: TestClient[Request, Application], studio: Studio) -> Api:
    """Somebody with 1000 points."""
    api = await meet(client, studio, "ada")
    await studio.points.grant(api.account.id, 1000, "welcome", "Welcome")
    return api


@pytest.fixture
async def eve(client: TestClient[Request, Application], studio: Studio) -> Api:
    """Somebody else."""
    return await meet(client, studio, "eve")


@pytest.fixture
async def nobody(client: TestClient[Request, Application], ada: Api) -> Api:
    """Somebody without a token."""
    return Api(client, ada.account, "")


@pytest.fixture
async def dataset(ada: Api) -> str:
    """Ada's dataset of three captioned pictures."""
    made = await ada.json("POST", "/datasets", 201, json={"name": "Cats"})
    files = [part for seed in (1, 2, 3) for part in _captioned(seed)]
    assert len(await ada.upload(made["id"], *files)) == 3
    return str(made["id"])


def _captioned(seed: int) -> list[tuple[str, bytes]]:
    return [("caption", f"cat {seed}".encode()), (f"{seed}.png", save(picture(seed)))]


def wishes(dataset: str, **changes: Any) -> Json:
    # Any: JSON
    """A training of 100 steps, which costs 13 points."""
    wanted = {
        "dataset": dataset,
        "offering": "tiny-lora",
        "trigger_words": ["mycat"],
        "params": {"steps": 100},
    }
    return {**wanted, **changes}


async def submit(api: Api, dataset: str, key: str = "key-1") -> str:
    headers = {"Idempotency-Key": key}
    made = await api.json("POST", "/trainings", 201, json=wishes(dataset), headers=headers)
    return str(made["id"])


async def start(studio: Studio, training: str) -> Job:
    """Let a worker claim the only job there is, and run."""
    job = await studio.leases.claim("worker-1", frozenset({"tiny"}))
    assert job is not None and job.id == training
    return await studio.leases.start_running(job)


async def finish(studio: Studio, job: Job) -> Job:
    """Let the worker make a sample and weights."""
    sample = Sample(step=50, prompt="mycat", file=await keep(studio, job, "sample.png", b"\x89PNG"))
    job = await studio.leases.add_sample(job, sample)
    job = await studio.leases.start_finishing(job)
    weights = await keep(studio, job, "mycat.safetensors", WEIGHTS)
    return await studio.leases.complete(job, (weights,))


DRAWING: Json = {"prompt": "mycat on a chair", "seed": 5, "params": {"count": 2}}
"""Two pictures, which cost two points."""


async def order(api: Api, key: str = "draw-1", **changes: Any) -> Json:
    # Any: JSON
    headers = {"Idempotency-Key": key}
    return await api.json("POST", "/generations", 201, json={**DRAWING, **changes}, headers=headers)


async def order_captions(api: Api, dataset: str, key: str = "caption-1", **wanted: Any) -> Json:
    # Any: JSON
    headers = {"Idempotency-Key": key}
    path = f"/datasets/{dataset}/auto-captions"
    return await api.json("POST", path, 201, json=wanted, headers=headers)


async def draw(studio: Studio, pictures: int = 2) -> Job:
    """Let a worker claim the only generation there is, and draw so many pictures of it."""
    job = await studio.leases.claim("worker-2", frozenset({"tiny"}), frozenset({Kind.GENERATE}))
    assert job is not None
    job = await studio.leases.start_running(job)
    for index in range(pictures):
        file = await keep(studio, job, f"{index + 1}.png", b"\x89PNG %d" % index)
        picture = Picture(index=index, seed=job.generation.seed + index, file=file)
        job = await studio.leases.add_picture(job, picture)
    return job


async def end_drawing(studio: Studio, job: Job) -> Job:
    return await studio.leases.complete(await studio.leases.start_finishing(job), ())


async def keep(studio: Studio, job: Job, name: str, body: bytes) -> StoredFile:
    kind = "image/png" if name.endswith("png") else "application/octet-stream"
    info = await studio.blobs.put(f"jobs/{job.id}/a1/{name}", once(body), content_type=kind)
    return StoredFile(name=name, **info.model_dump())


@dataclass(frozen=True)
class World:
    """One of everything that has an id, Ada's."""

    dataset_id: str
    item_id: str
    training_id: str
    model_id: str
    notification_id: str
    token_id: str
    member_id: str
    slug: str
    session_id: str
    generation_id: str
    auto_caption_id: str
    identity_id: str
    upload_id: str

    def fill(self, path: str) -> str:
        """Put the ids into an operation's path."""
        names = {"samples": "sample.png", "generations": "1.png", "receivers": "friend"}
        known = (name for part, name in names.items() if part in path)
        name = next(known, "mycat.safetensors")
        return path.format(
            **vars(self), offering_id="tiny-lora", name=name, token="never", account_id="ac_none"
        )


@pytest.fixture
async def world(ada: Api, studio: Studio, dataset: str) -> World:
    """Ada's things: a dataset with items, a finished training with its model and news, a token, a session."""
    training = await submit(ada, dataset)
    await finish(studio, await start(studio, training))
    items = await ada.json("GET", f"/datasets/{dataset}/items")
    news = await ada.json("GET", "/notifications")
    tokens = await ada.json("GET", "/me/tokens")
    await sign_in(ada, studio)
    sessions = await ada.json("GET", "/me/sessions")
    done = await ada.json("GET", f"/trainings/{training}")
    model = await ada.json("GET", f"/models/{done['model']}")
    code = (await ada.json("POST", f"/datasets/{dataset}/invitation", 201))["code"]
    friend, _ = await studio.accounts.first_contact("test", "friend", "friend")
    await studio.sharing.join(studio.accounts.speak_for(friend), code)
    members = await ada.json("GET", f"/datasets/{dataset}/members")
    generation = (await order(ada))["id"]
    await end_drawing(studio, await draw(studio))
    captions = (await order_captions(ada, dataset))["id"]
    coming = {"filename": "a.zip", "size_bytes": 9, "sha256": "1" * 64}
    upload = await ada.json("POST", f"/datasets/{dataset}/uploads", 201, json=coming)
    return World(
        dataset_id=dataset,
        item_id=items["items"][0]["id"],
        training_id=training,
        model_id=done["model"],
        notification_id=news["items"][0]["id"],
        token_id=tokens["items"][0]["id"],
        member_id=members["items"][0]["id"],
        slug=model["slug"],
        session_id=sessions["items"][0]["id"],
        generation_id=generation,
        auto_caption_id=captions,
        upload_id=upload["id"],
        identity_id=(await ada.json("GET", "/me/identities"))["items"][0]["id"],
    )
