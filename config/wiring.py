"""Every port and its adapter, in one place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args, get_type_hints

from adapters.arq_queue import ArqWakeups
from adapters.fetching import WebFetcher
from adapters.files import FileBlobs
from adapters.images.pool import SandboxedImages
from adapters.redis_events import RedisEvents
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from config.settings import Settings
from core.errors import InvalidError
from core.offerings.captioning import parse_captioning
from core.offerings.catalogue import parse_base_models, parse_generations, parse_offerings
from core.offerings.service import Offerings
from core.royalties.records import RoyaltyRates
from core.studio import Ports, Stores, Studio
from worker.training.settings import KNOWN_PARAMS


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def open_studio(settings: Settings) -> AsyncIterator[Studio]:
    """Open every store and connection, and close them in the opposite order."""
    offerings = load_offerings(settings)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(SqliteDatabase(settings.database_file))
        blobs = FileBlobs(settings.data_folder)
        await blobs.open()
        images = SandboxedImages(settings.image_sandboxes)
        stack.push_async_callback(images.close)
        fetcher = WebFetcher()
        stack.push_async_callback(fetcher.close)
        wakeups = ArqWakeups(settings.get_redis_url(), settings.queue_name)
        stack.push_async_callback(wakeups.close)
        events = RedisEvents(settings.get_redis_url())
        stack.push_async_callback(events.close)
        ports = Ports(
            stores=await _open_stores(database),
            blobs=blobs,
            images=images,
            drawings=images,
            fetcher=fetcher,
            wakeups=wakeups,
            events=events,
            clock=WallClock(),
        )
        rates = RoyaltyRates(
            royalty_bps=settings.royalty_bps,
            payout_minimum_points=settings.payout_minimum_points,
        )
        yield Studio(
            ports,
            offerings,
            lease_s=settings.lease_s,
            public_url=settings.get_public_url(),
            rates=rates,
        )


async def _open_stores(database: SqliteDatabase) -> Stores:
    """Open one collection for each field of Stores, by the record class in its annotation."""
    hints = get_type_hints(Stores)
    opened = {
        field.name: await SqliteDocuments.open(database, get_args(hints[field.name])[0])
        for field in fields(Stores)
    }
    return Stores(**opened)


def load_offerings(settings: Settings) -> Offerings:
    """Read the catalogues. Raises InvalidError naming the file and line that is wrong."""
    base_models = parse_base_models(
        _read(settings.base_models_file), settings.base_models_file.name
    )
    offerings = parse_offerings(
        _read(settings.training_offerings_file),
        settings.training_offerings_file.name,
        base_models,
        KNOWN_PARAMS,
    )
    generations = parse_generations(
        _read(settings.generation_file), settings.generation_file.name, base_models
    )
    captions = parse_captioning(
        _read(settings.captioning_file),
        settings.captioning_file.name,
        settings.caption_model,
        settings.caption_model_revision,
    )
    return Offerings(offerings, base_models, generations, captions)


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InvalidError(f"{file} cannot be read: {error.strerror}.") from error
