"""What befalls Redis while jobs wait: it is killed, flushed, full, restarted, spoken to wrongly or by many."""

import asyncio
import os
import pickle
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from adapters.redis_server import RedisServer
from tests.faults.ground import Ground, Yard, open_yard
from tests.faults.painting import painting
from tests.faults.rows import Row, audit, wait_ended

_PAINTERS = 2
_AWAY_S = 1.0


@dataclass
class Queue:
    """A yard with a Redis of its own, which is killed and started again."""

    yard: Yard
    folder: Path
    server: RedisServer

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    def kill(self) -> None:
        os.kill(self.server.pid, signal.SIGKILL)

    async def restart(self) -> None:
        self.server = await RedisServer(self.folder, self.socket).__aenter__()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Redis]:
        redis = Redis.from_url(f"unix://{self.socket}")
        try:
            yield redis
        finally:
            await redis.aclose()


Harm = Callable[[Queue], Awaitable[None]]


async def kill_and_restart(ground: Ground, jobs: int) -> Row:
    """Kill Redis, and start it again a moment later on what it had written."""

    async def harm(queue: Queue) -> None:
        queue.kill()
        await asyncio.sleep(_AWAY_S)
        await queue.restart()

    return await _harm(ground, jobs, f"Redis: kill -9, back after {_AWAY_S:.0f} s", harm)


async def kill_for_good(ground: Ground, jobs: int) -> Row:
    """Kill Redis and leave it so until every job is done."""

    async def harm(queue: Queue) -> None:
        queue.kill()

    return await _harm(ground, jobs, "Redis: kill -9, and not back before every job is done", harm)


async def flush(ground: Ground, jobs: int) -> Row:
    """Empty Redis."""

    async def harm(queue: Queue) -> None:
        async with queue.connect() as redis:
            await redis.flushall()

    return await _harm(ground, jobs, "Redis: FLUSHALL", harm)


async def fill(ground: Ground, jobs: int) -> Row:
    """Leave Redis without memory: it refuses every write until the end."""

    async def harm(queue: Queue) -> None:
        async with queue.connect() as redis:
            await redis.config_set("maxmemory", "1")

    return await _harm(ground, jobs, "Redis: out of memory until every job is done", harm)


async def poison(ground: Ground, jobs: int) -> Row:
    """Put into the queue what is no message of ours, of each kind that came to mind."""
    return await _harm(ground, jobs, "Redis: nine poisoned payloads and events", _poison)


async def _poison(queue: Queue) -> None:
    name = f"{queue.yard.settings.queue_name}:generate"
    payloads = {
        "none": None,
        "empty": b"",
        "noise": bytes(range(256)),
        "pickle": pickle.dumps({"f": "work"}),
        "list": b"[1, 2]",
        "deep": b"[" * 100_000,
        "other": b'{"t":1,"f":"os.system","a":["true"],"k":{},"et":0}',
        "shape": b'{"t":1,"f":"work","a":[{"x":1},2],"k":{"y":3},"et":0}',
        "large": b'{"t":1,"f":"work","a":["' + b"x" * 5_000_000 + b'"],"k":{},"et":0}',
    }
    async with queue.connect() as redis:
        for job_id, payload in payloads.items():
            if payload is not None:
                await redis.set(f"arq:job:{job_id}", payload)
            await redis.zadd(name, {job_id: 1})
        await redis.publish(f"trainyard:events:account:{queue.yard.person.principal.account}", b"{")


async def mistype(ground: Ground, jobs: int) -> Row:
    """Put a text where the queue was."""

    async def harm(queue: Queue) -> None:
        async with queue.connect() as redis:
            await redis.set(f"{queue.yard.settings.queue_name}:generate", b"no queue")

    return await _harm(ground, jobs, "Redis: a text under the queue's name", harm)


async def wake_twice(ground: Ground, jobs: int) -> Row:
    """Send ten wake-ups for each job, those that are done included."""

    async def harm(queue: Queue) -> None:
        for job_id in queue.yard.ids:
            for attempt in range(100, 110):
                await queue.yard.studio.wakeups.wake(job_id, attempt, "generate")

    return await _harm(ground, jobs, "Redis: ten wake-ups for each job", harm)


async def _harm(ground: Ground, jobs: int, what: str, harm: Harm) -> Row:
    """Have jobs queued and under way, do harm, and see every job done by two workers."""
    row = Row(what)
    async with _open_queue(ground) as queue, AsyncExitStack() as stack:
        yard = queue.yard
        await yard.draw(jobs)
        for index in range(_PAINTERS):
            painter = painting(yard.studio, yard.settings, name=f"painter {index}", paint_s=0.01)
            await stack.enter_async_context(painter)
        await yard.wait_more()
        began_s = time.monotonic()
        await harm(queue)
        row.times = 1
        await yard.draw(2)
        await yard.wait_more()
        row.recovered_s.append(time.monotonic() - began_s)
        await wait_ended(yard.studio, yard.ids)
        await yard.draw(2)  # with idle workers, so that one must hear of it
        row.recovered_s.append(await yard.wait_more(2))
        await audit(yard.studio, yard.ids, row)
    return row


@asynccontextmanager
async def _open_queue(ground: Ground) -> AsyncIterator[Queue]:
    folder = Path(tempfile.mkdtemp(prefix="ty-"))
    try:
        socket = folder / "redis.sock"
        server = await RedisServer(folder, socket).__aenter__()
        async with open_yard(ground.make_settings(f"unix://{socket}")) as yard:
            queue = Queue(yard, folder, server)
            try:
                yield queue
            finally:
                await queue.server.__aexit__(None, None, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
