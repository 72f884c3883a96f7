"""Every port and its adapter, in one place."""

import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.arq_queue import ArqWakeups
from adapters.fetching import WebFetcher
from adapters.images.pool import SandboxedImages
from adapters.redis_events import RedisEvents
from config.settings import Settings
from config.signing import open_signer
from config.stores import open_blobs, open_stores
from core.errors import InvalidError
from core.metering import Meter, Unmetered
from core.offerings.captioning import parse_captioning
from core.offerings.catalogue import parse_base_models, parse_generations, parse_offerings
from core.offerings.service import Offerings
from core.royalties.records import RoyaltyRates
from core.storage.records import StorageRules
from core.stores import Ports
from core.studio import Studio
from worker.training.settings import KNOWN_PARAMS


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@asynccontextmanager
async def open_studio(settings: Settings, meter: Meter | None = None) -> AsyncIterator[Studio]:
    """Open every store and connection, and close them in the opposite order."""
    offerings = load_offerings(settings)
    async with AsyncExitStack() as stack:
        stores = await stack.enter_async_context(open_stores(settings))
        blobs = await stack.enter_async_context(open_blobs(settings))
        images = SandboxedImages(settings.image_sandboxes)
        stack.push_async_callback(images.close)
        fetcher = WebFetcher()
        stack.push_async_callback(fetcher.close)
        wakeups = ArqWakeups(settings.get_redis_url(), settings.queue_name)
        stack.push_async_callback(wakeups.close)
        events = RedisEvents(settings.get_redis_url())
        stack.push_async_callback(events.close)
        ports = Ports(
            stores=stores,
            blobs=blobs,
            images=images,
            drawings=images,
            fetcher=fetcher,
            wakeups=wakeups,
            events=events,
            clock=WallClock(),
            signer=open_signer(settings),
            meter=meter or Unmetered(),
            find_free_bytes=lambda: find_free_bytes(settings),
        )
        rates = RoyaltyRates(
            royalty_bps=settings.royalty_bps,
            payout_minimum_points=settings.payout_minimum_points,
            use_points=settings.use_points,
        )
        yield Studio(
            ports,
            offerings,
            lease_s=settings.lease_s,
            public_url=settings.get_public_url(),
            rates=rates,
            packages=settings.star_packages,
            transfers_per_day=settings.transfers_per_day,
            storage=make_rules(settings),
        )


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


def make_rules(settings: Settings) -> StorageRules:
    """Make the rules of storage."""
    return StorageRules(
        quota_bytes=settings.storage_quota_bytes,
        keep_free_bytes=settings.keep_free_bytes,
        stray_grace=timedelta(seconds=settings.stray_grace_s),
        picture_days=settings.keep_pictures_days,
        sample_days=settings.keep_samples_days,
        loss_days=settings.keep_losses_days,
        news_days=settings.keep_news_days,
    )


def find_free_bytes(settings: Settings) -> int | None:
    """Tell how much is free where blobs are kept; None where that is not the data folder."""
    if settings.s3_bucket or settings.gridfs:
        return None
    return shutil.disk_usage(settings.data_folder).free
