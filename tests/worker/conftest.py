"""A worker of this process, with short leases, over a studio on real stores."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from adapters.arq_queue import ArqListener
from config.settings import Settings
from core.studio import Studio
from worker.tasks import Worker
from worker.workplace import Workplace

Running = Callable[[], AbstractAsyncContextManager[Worker]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_s": 10.0})


@pytest.fixture
def running(settings: Settings, studio: Studio) -> Running:
    """Makes a context in which a worker works, woken by the queue."""
    return lambda: work(studio, settings)


@asynccontextmanager
async def work(
    studio: Studio,
    settings: Settings,
    silence_s: float = 1800,
    families: tuple[str, ...] = ("tiny",),
) -> AsyncIterator[Worker]:
    """Run a worker, and drain it in the end."""
    place = Workplace(
        settings.scratch_folder,
        lease_s=settings.lease_s,
        checkpoint_every_s=0.2,
        silence_s=silence_s,
        cache=settings.cache_folder,
        kinds=frozenset(settings.worker_kinds),
        generation_idle_s=settings.generation_idle_s,
    )
    worker = Worker(studio, families, place, sweep_every_s=0.5)
    url = settings.get_redis_url()
    listeners = [ArqListener(url, queue, worker.handle) for queue in settings.list_queues()]
    async with asyncio.TaskGroup() as group:
        listening = [group.create_task(listener.listen()) for listener in listeners]
        working = group.create_task(worker.run())
        await worker.ready.wait()
        try:
            yield worker
        finally:
            worker.drain()
            await working
            for task in listening:
                task.cancel()
