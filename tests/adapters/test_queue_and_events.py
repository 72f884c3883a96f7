"""Wake-ups and events over a real redis-server, also when it is killed and comes back."""

import asyncio
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from adapters.arq_queue import ArqListener, ArqWakeups
from adapters.redis_events import RedisEvents
from adapters.redis_server import RedisServer
from core.errors import UnavailableError
from core.ports import Event


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="ty-"))
    yield place
    shutil.rmtree(place, ignore_errors=True)


async def test_a_wakeup_reaches_a_listener_within_a_tenth_of_a_second(redis_url: str) -> None:
    name = uuid.uuid4().hex
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = asyncio.create_task(ArqListener(redis_url, f"{name}:train", heard.put).listen())
    wakeups = ArqWakeups(redis_url, name)
    await wakeups.wake("jb_first", 0, "train")
    async with asyncio.timeout(30):
        assert await heard.get() == "jb_first"
    began = asyncio.get_running_loop().time()
    await wakeups.wake("jb_second", 0, "train")
    async with asyncio.timeout(30):
        assert await heard.get() == "jb_second"
    assert asyncio.get_running_loop().time() - began < 0.3
    await _end(listener)
    await wakeups.close()


async def test_the_same_wakeup_twice_wakes_once_while_it_waits(redis_url: str) -> None:
    name = uuid.uuid4().hex
    wakeups = ArqWakeups(redis_url, name)
    await wakeups.wake("jb_one", 0, "train")
    await wakeups.wake("jb_one", 0, "train")
    await wakeups.wake("jb_one", 1, "train")
    redis = Redis.from_url(redis_url)
    assert await redis.zcard(f"{name}:train") == 2
    await redis.aclose()
    await wakeups.close()


async def test_a_busy_listener_leaves_wakeups_to_others(redis_url: str) -> None:
    name = uuid.uuid4().hex
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    free = asyncio.Event()

    async def handle_slowly(job: str) -> None:
        await heard.put(("slow", job))
        await free.wait()

    async def handle(job: str) -> None:
        await heard.put(("quick", job))

    wakeups = ArqWakeups(redis_url, name)
    slow = asyncio.create_task(ArqListener(redis_url, f"{name}:train", handle_slowly).listen())
    await wakeups.wake("jb_a", 0, "train")
    async with asyncio.timeout(30):
        assert await heard.get() == ("slow", "jb_a")
    quick = asyncio.create_task(ArqListener(redis_url, f"{name}:train", handle).listen())
    await wakeups.wake("jb_b", 0, "train")
    async with asyncio.timeout(30):
        assert await heard.get() == ("quick", "jb_b")
    free.set()
    await _end(slow)
    await _end(quick)
    await wakeups.close()


async def test_a_poisoned_message_does_no_harm(redis_url: str) -> None:
    name = uuid.uuid4().hex
    heard: asyncio.Queue[str] = asyncio.Queue()
    redis = Redis.from_url(redis_url)
    pickled = b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R."
    await redis.set("arq:job:poison", pickled)
    await redis.zadd(f"{name}:train", {"poison": 1})
    listener = asyncio.create_task(ArqListener(redis_url, f"{name}:train", heard.put).listen())
    wakeups = ArqWakeups(redis_url, name)
    await wakeups.wake("jb_fine", 0, "train")
    async with asyncio.timeout(30):
        assert await heard.get() == "jb_fine"
    await _end(listener)
    await wakeups.close()
    await redis.aclose()


async def test_a_listener_outlives_a_redis_that_is_killed(folder: Path) -> None:
    socket, name = folder / "redis.sock", "queue"
    url = f"unix://{socket}"
    heard: asyncio.Queue[str] = asyncio.Queue()
    wakeups, events = ArqWakeups(url, name), RedisEvents(url)
    async with RedisServer(folder, socket) as server:
        listener = asyncio.create_task(ArqListener(url, f"{name}:train", heard.put).listen())
        await wakeups.wake("jb_before", 0, "train")
        async with asyncio.timeout(30):
            assert await heard.get() == "jb_before"
        os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(UnavailableError):
        await wakeups.wake("jb_lost", 0, "train")
    await events.publish(Event(topic="t", kind="dropped", data={}))
    async with events.subscribe("account:x") as stream, RedisServer(folder, socket):
        await wakeups.wake("jb_after", 0, "train")
        async with asyncio.timeout(30):
            while await heard.get() != "jb_after":  # wake-ups come at least once
                continue
            assert (await _publish_until_heard(events, stream)).kind == "back"
    await _end(listener)
    await wakeups.close()
    await events.close()


async def test_waiting_wakeups_survive_a_killed_redis(folder: Path) -> None:
    socket = folder / "redis.sock"
    url = f"unix://{socket}"
    async with RedisServer(folder, socket) as server:
        wakeups = ArqWakeups(url, "queue")
        await wakeups.wake("jb_kept", 0, "train")
        await wakeups.close()
        redis = Redis.from_url(url)
        await redis.execute_command("WAITAOF", 1, 0, 2000)
        await redis.aclose()
        os.kill(server.pid, signal.SIGKILL)
    async with RedisServer(folder, socket):
        heard: asyncio.Queue[str] = asyncio.Queue()
        listener = asyncio.create_task(ArqListener(url, "queue:train", heard.put).listen())
        async with asyncio.timeout(30):
            assert await heard.get() == "jb_kept"
        await _end(listener)


async def test_events_arrive_in_order_and_only_for_their_topic(redis_url: str) -> None:
    events = RedisEvents(redis_url)
    async with events.subscribe("account:a") as stream:
        for number in range(20):
            await events.publish(Event(topic="account:b", kind="other", data={}))
            await events.publish(Event(topic="account:a", kind="mine", data={"n": number}))
        async with asyncio.timeout(30):
            heard = [await anext(stream) for _ in range(20)]
    assert [event.data["n"] for event in heard] == list(range(20))
    await events.close()


async def test_a_listener_that_falls_behind_loses_the_oldest(redis_url: str) -> None:
    events = RedisEvents(redis_url)
    async with events.subscribe("account:slow") as stream:
        for number in range(1100):
            await events.publish(Event(topic="account:slow", kind="n", data={"n": number}))
        async with asyncio.timeout(30):
            first = await anext(stream)
            last = first
            while last.data["n"] != 1099:
                last = await anext(stream)
    oldest = first.data["n"]
    assert isinstance(oldest, int) and 90 < oldest <= 100  # the last one may have been on its way
    await events.close()


async def test_a_listener_that_is_cancelled_at_once_leaves_no_connection(redis_url: str) -> None:
    events = RedisEvents(redis_url)

    async def listen() -> None:
        async with events.subscribe("account:brief"):
            raise AssertionError("it was cancelled before")

    redis = Redis.from_url(redis_url)
    before = len(await redis.client_list())
    for pauses in range(8):
        task = asyncio.create_task(listen())
        for _ in range(pauses):
            await asyncio.sleep(0)
        await _end(task)
    async with asyncio.timeout(30):
        await _wait_for_clients(redis, before)
    await redis.aclose()
    await events.close()


async def _wait_for_clients(redis: Redis, count: int) -> None:
    while True:
        if len(await redis.client_list()) <= count:
            return
        await asyncio.sleep(0.01)


async def _publish_until_heard(events: RedisEvents, stream: AsyncIterator[Event]) -> Event:
    """Listening begins anew at some moment after Redis is back; publish until it has."""
    hearing = asyncio.ensure_future(anext(stream))
    while not hearing.done():
        await events.publish(Event(topic="account:x", kind="back", data={}))
        await asyncio.wait({hearing}, timeout=0.1)
    return hearing.result()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_listener_that_is_cancelled_while_it_stops_leaves_no_connection(
    redis_url: str,
) -> None:
    events = RedisEvents(redis_url)
    listening, leaving = asyncio.Event(), asyncio.Event()

    async def listen() -> None:
        async with events.subscribe("account:brief"):
            listening.set()
            await leaving.wait()

    redis = Redis.from_url(redis_url)
    before = len(await redis.client_list())
    for pauses in range(1, 5):
        task = asyncio.create_task(listen())
        await listening.wait()
        leaving.set()
        for _ in range(pauses):
            await asyncio.sleep(0)
        await _end(task)
        listening.clear()
        leaving.clear()
    async with asyncio.timeout(30):
        await _wait_for_clients(redis, before)
    await redis.aclose()
    await events.close()
