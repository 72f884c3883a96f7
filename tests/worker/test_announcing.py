"""A worker's record: there while it works, draining when it is told to end, and ended with it."""

import asyncio
from datetime import timedelta

from config.settings import Settings
from config.workplaces import make_workplace
from core.fleet.records import Worker
from core.jobs.records import Kind
from core.studio import Studio
from worker.announcing import Announcer

HOUR = timedelta(hours=1)


def make_announcer(settings: Settings, studio: Studio, **changes: object) -> Announcer:
    chosen = {"worker_name": "gpu-1", "worker_kinds": (Kind.TRAIN,), "lease_s": 1.0, **changes}
    place = make_workplace(settings.model_copy(update=chosen))
    return Announcer(studio.fleet, "gpu-1", frozenset({"tiny"}), place)


async def find(studio: Studio, **wanted: object) -> Worker:
    """Return the worker's record once it says this."""
    async with asyncio.timeout(60):
        while True:
            for worker in await studio.fleet.list_recent(HOUR):
                if all(getattr(worker, name) == value for name, value in wanted.items()):
                    return worker
            await asyncio.sleep(0.02)


async def test_what_a_worker_does_is_seen_until_it_ends(settings: Settings, studio: Studio) -> None:
    announcer = make_announcer(settings, studio, worker_vram_gb=12)
    await announcer.prepare()
    assert announcer.memory_gb == 12
    running = asyncio.ensure_future(announcer.run())
    first = await find(studio, name="gpu-1", job=None)
    assert (first.kinds, first.families, first.memory_gb) == ((Kind.TRAIN,), ("tiny",), 12)
    assert first.queues == (f"{settings.queue_name}:train",)
    announcer.note_job("jb_1")
    busy = await find(studio, job="jb_1")
    assert busy.id == first.id
    later = await find(studio, job="jb_1", version=busy.version + 2)
    assert later.expires_at > busy.expires_at, "heartbeats come by themselves"
    announcer.note_draining()
    await find(studio, is_draining=True, ended_at=None)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await announcer.leave()
    (ended,) = await studio.fleet.list_recent(HOUR)
    assert ended.ended_at is not None and await studio.fleet.count_up() == 0


async def test_a_worker_that_drains_and_ends_at_once_does_end(
    settings: Settings, studio: Studio
) -> None:
    announcer = make_announcer(settings, studio, lease_s=600.0)
    await announcer.prepare()
    running = asyncio.ensure_future(announcer.run())
    await find(studio, name="gpu-1")
    await asyncio.sleep(1.5)  # it waits for its next heartbeat now
    announcer.note_draining()
    running.cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
