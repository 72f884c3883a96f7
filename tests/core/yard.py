"""A studio over real stores whose queue and events are down all the time: the core must do without them.

Both ports allow it: an event may be dropped, a lost wake-up delays a job and never loses it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

from adapters.ed25519 import read_key
from adapters.fetching import WebFetcher
from adapters.files import FileBlobs
from adapters.images.pool import SandboxedImages
from adapters.mongo.database import MongoDatabase
from adapters.mongo.documents import MongoDocuments
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.accounts.records import Principal
from core.datasets.records import Item
from core.errors import UnavailableError
from core.jobs.records import Job, Kind, Progress, Status, StoredFile
from core.models.records import TrainedModel
from core.offerings.captioning import CaptionOffer
from core.offerings.catalogue import parse_base_models, parse_generations, parse_offerings
from core.offerings.records import ParamValue
from core.offerings.service import Offerings, TrainingWishes
from core.points.reconcile import Verdict
from core.ports import Documents, Event
from core.records import Record, new_id
from core.stores import Ports, Stores
from core.studio import Studio
from tests.clock import HandClock
from worker.training.settings import KNOWN_PARAMS

CONFIG = Path(__file__).resolve().parents[2] / "config"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
SIGNER = read_key("07" * 32)
FAMILIES = frozenset({"tiny"})
STEPS = 100
PRICE = 5 + STEPS * 20 * 4 // 1000
"""What `wishes()` cost by the public formula."""
CAPTIONS = CaptionOffer(model="/models/blip", points_per_100_pictures=150)
Wrap = Callable[[Any], Any]  # any Documents in, a Documents of the same records out


class DownWakeups:
    """The queue when Redis is down."""

    async def wake(self, job_id: str, attempt: int, kind: str) -> None:
        raise UnavailableError("The queue is down.")

    async def check(self) -> None:
        raise UnavailableError("The queue is down.")


class DownEvents:
    """Events when Redis is down."""

    async def publish(self, event: Event) -> None:
        return

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        raise UnavailableError("Nobody can listen.")


@dataclass
class Yard:
    """A studio, what it stands on, and what tests do with it all the time."""

    studio: Studio
    stores: Stores
    blobs: FileBlobs
    database: SqliteDatabase
    clock: HandClock
    ports: Ports

    def start_process(self, wrap: Wrap) -> "Yard":
        """Give the yard as another process has it, with `wrap` before each of its Documents."""
        wrapped = {field.name: wrap(getattr(self.stores, field.name)) for field in fields(Stores)}
        ports = replace(self.ports, stores=Stores(**wrapped))
        return replace(self, studio=Studio(ports, self.studio.offerings))

    async def meet(self, name: str = "mira", points: int = 1000) -> Principal:
        """Make an account with points."""
        account, _ = await self.studio.accounts.first_contact("test", name, name)
        if points:
            await self.studio.points.grant(account.id, points, f"start:{name}", "to try things")
        return Principal(account=account.id, role=account.role)

    async def cap(self, principal: Principal, jobs: int) -> None:
        """Set how many jobs of a kind an account may run at once."""
        account = await self.stores.accounts.get(principal.account)
        quotas = account.quotas.model_copy(update={"max_running_jobs": jobs})
        await self.stores.accounts.replace(account.changed(self.clock.now(), quotas=quotas))

    async def fill(self, principal: Principal, images: int = 3) -> str:
        """Make a dataset whose items have no bytes, for what never reads them."""
        dataset = await self.studio.datasets.create(principal, "flags")
        items = (make_item(self.clock, principal, dataset.id, n) for n in range(images))
        await asyncio.gather(*map(self.stores.items.insert, items))
        return dataset.id

    async def put_item(self, principal: Principal, dataset: str, index: int) -> Item:
        """Keep an item with its bytes, as intake does; no image is decoded for it."""
        item = make_item(self.clock, principal, dataset, index)
        await self.studio.accounts.reserve_storage(principal.account, item.bytes)
        for key in (item.blob_key, item.thumbnail_key):
            await self.blobs.put(key, once(b"x" * 5), content_type="image/png")
        return await self.stores.items.insert(item)

    async def submit(
        self, principal: Principal, dataset: str, key: str = "first", **params: ParamValue
    ) -> Job:
        return await self.studio.jobs.submit(principal, dataset, wishes(**params), key)

    async def train(self, principal: Principal, dataset: str, key: str = "first") -> Job:
        """Submit a job, claim it and start it."""
        await self.submit(principal, dataset, key)
        return await self.start()

    async def start(self) -> Job:
        """Claim the next job and start it."""
        job = await self.studio.leases.claim("worker", FAMILIES)
        assert job is not None
        return await self.studio.leases.start_running(job)

    async def step(self, job: Job, step: int) -> Job:
        progress = Progress(step=step, total_steps=STEPS)
        return await self.studio.leases.heartbeat(job, progress)

    async def finish(self, job: Job) -> Job:
        """Take a running job to its good end."""
        return await self.studio.leases.complete(await self.studio.leases.start_finishing(job), ())

    async def own_model(self, principal: Principal, key: str = "model") -> TrainedModel:
        """Take a training to its good end, and return its model: a LoRA's record, with ten bytes of file."""
        job = await self.train(principal, await self.fill(principal), key)
        job = await self.studio.leases.start_finishing(job)
        place = f"jobs/{job.id}/a1/lora.safetensors"
        info = await self.blobs.put(place, once(b"x" * 10), content_type="application/octet-stream")
        file = StoredFile(name="lora.safetensors", **info.model_dump())
        done = await self.studio.leases.complete(job, (file,))
        return await self.stores.models.get(done.model or "")

    async def sweep_later(self) -> None:
        """Sweep when every grace and lease has passed."""
        self.clock.pass_s(3600)
        await self.studio.sweeper.sweep()

    async def check(self) -> Verdict:
        """Assert that the ledger is sound and every job is in a state that it may stay in."""
        verdict = await self.studio.reconciler.reconcile()
        assert verdict.findings == ()
        for job in await self.stores.jobs.find({}):
            assert job.status is not Status.PENDING
            assert job.needs_settling is None
            await self._check_news(job)
        return verdict

    async def _check_news(self, job: Job) -> None:
        """Assert that a job that ended has one piece of news, and a completed one its model."""
        news = await self.stores.notifications.find({"account": job.owner})
        names = ("training", "generation", "auto_caption")
        mine = [n for n in news if job.id in [n.data.get(name) for name in names]]
        models = await self.stores.models.find({"owner": job.owner})
        made = [model.id for model in models if model.provenance.job == job.id]
        ended = job.status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED)
        assert len(mine) == (1 if ended else 0)
        assert made == ([job.model] if job.status is Status.COMPLETED and job.model else [])
        assert (job.kind is not Kind.TRAIN) or (job.model is None) == (
            job.status is not Status.COMPLETED
        )


@asynccontextmanager
async def open_yard(
    folder: Path,
    clock: HandClock,
    wrap: Wrap = lambda documents: documents,
    mongodb: MongoDatabase | None = None,
) -> AsyncIterator[Yard]:
    """Open a studio on a folder; `wrap` stands between the studio and each of its Documents.

    With `mongodb`, records are kept there instead of in SQLite.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(SqliteDatabase(folder / "yard.sqlite"))
        blobs = FileBlobs(folder)
        await blobs.open()
        images = SandboxedImages(1)
        stack.push_async_callback(images.close)
        hints = get_type_hints(Stores)
        names = [field.name for field in fields(Stores)]
        documents = [_open_documents(get_args(hints[name])[0], database, mongodb) for name in names]
        opened = dict(zip(names, await asyncio.gather(*documents), strict=True))
        wrapped = Stores(**{name: wrap(documents) for name, documents in opened.items()})
        fetcher = WebFetcher()
        stack.push_async_callback(fetcher.close)
        ports = Ports(
            wrapped, blobs, images, images, fetcher, DownWakeups(), DownEvents(), clock, SIGNER
        )
        studio = Studio(ports, read_offerings())
        yield Yard(studio, Stores(**opened), blobs, database, clock, ports)


async def _open_documents(
    kind: type[Record], database: SqliteDatabase, mongodb: MongoDatabase | None
) -> Documents[Any]:  # of that kind
    if mongodb is not None:
        return await MongoDocuments.open(mongodb, kind)
    return await SqliteDocuments.open(database, kind)


def read_offerings(change: Callable[[str], str] = lambda text: text) -> Offerings:
    """Read the shipped catalogue, after a change to its text."""
    models = parse_base_models((CONFIG / "base_models.toml").read_text(), "base_models.toml")
    text = change((CONFIG / "training_offerings.toml").read_text())
    generations = parse_generations(
        (CONFIG / "generation.toml").read_text(), "generation.toml", models
    )
    offerings = parse_offerings(text, "offerings.toml", models, KNOWN_PARAMS)
    return Offerings(offerings, models, generations, CAPTIONS)


def wishes(**params: ParamValue) -> TrainingWishes:
    """What tests train: 100 steps for PRICE points."""
    given = {"steps": STEPS, "train_batch_size": 4, **params}
    return TrainingWishes(offering="tiny-lora", trigger_words=("flagon",), params=given)


def make_item(clock: HandClock, principal: Principal, dataset: str, index: int) -> Item:
    """Make an item of ten bytes."""
    item_id = new_id("it")
    return Item(
        id=item_id,
        created_at=clock.now(),
        updated_at=clock.now(),
        dataset=dataset,
        contributor=principal.account,
        position=index,
        blob_key=f"datasets/{dataset}/{item_id}/image",
        thumbnail_key=f"datasets/{dataset}/{item_id}/thumbnail",
        sha256=f"{index:064x}",
        content_type="image/png",
        perceptual_hash=f"{index:016x}",
        sharpness=100.0,
        width_px=64,
        height_px=64,
        bytes=10,
        captions={"default": f"flag {index}"},
    )


async def once(body: bytes) -> AsyncIterator[bytes]:
    """Stream one chunk."""
    yield body
