"""Events on Redis pub/sub: what just happened, between processes, lost without harm."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from core.endings import finish_anyway
from core.ports import Event

_log = logging.getLogger(__name__)
_PREFIX = "trainyard:events:"
_MAX_WAITING = 1000
_PUBLISH_S = 2.0
_PAUSE_S = 0.5


class RedisEvents:
    """One connection for publishing, and one for each listener."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._redis = Redis.from_url(url, socket_connect_timeout=_PUBLISH_S)

    async def close(self) -> None:
        await self._redis.aclose()

    async def publish(self, event: Event) -> None:
        try:
            async with asyncio.timeout(_PUBLISH_S):
                await self._redis.publish(_PREFIX + event.topic, event.model_dump_json())
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            _log.warning("event %s on %s was dropped: %r", event.kind, event.topic, error)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Event]]:
        waiting: asyncio.Queue[Event] = asyncio.Queue(_MAX_WAITING)
        retry = Retry(ExponentialBackoff(cap=_PAUSE_S), 3)
        redis = Redis.from_url(self._url, retry=retry, retry_on_error=[RedisConnectionError])
        listening = redis.pubsub()
        subscribed = asyncio.Event()
        reader = asyncio.create_task(_read(listening, _PREFIX + topic, waiting, subscribed))
        try:
            try:
                async with asyncio.timeout(_PUBLISH_S):
                    await subscribed.wait()
            except TimeoutError:  # Redis is down: the reader goes on trying
                _log.warning("listening to %s begins once Redis is back", topic)
            yield _drain(waiting)
        finally:
            await finish_anyway(_stop_listening(reader, listening, redis))


async def _stop_listening(reader: asyncio.Task[None], listening: PubSub, redis: Redis) -> None:
    reader.cancel()
    await asyncio.gather(reader, return_exceptions=True)
    await listening.aclose()  # type: ignore[no-untyped-call]  # redis has no types for it
    await redis.aclose()


async def _drain(waiting: asyncio.Queue[Event]) -> AsyncIterator[Event]:
    while True:
        yield await waiting.get()


async def _read(
    listening: PubSub, channel: str, waiting: asyncio.Queue[Event], subscribed: asyncio.Event
) -> None:
    """Move messages to the listener's queue for ever; a lost connection is made again."""
    while True:
        try:
            await listening.subscribe(channel)
            while True:
                message = await listening.get_message(timeout=None)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    subscribed.set()
                elif message["type"] == "message":
                    _offer(waiting, message["data"])
        except (RedisError, OSError) as error:
            _log.warning("listening on %s was interrupted: %r", channel, error)
            await asyncio.sleep(_PAUSE_S)


def _offer(waiting: asyncio.Queue[Event], data: bytes) -> None:
    """Queue an event; a listener that falls behind loses the oldest."""
    try:
        event = Event.model_validate_json(data)
    except ValidationError:
        _log.warning("a message that is no event was ignored")
        return
    if waiting.full():
        waiting.get_nowait()
    waiting.put_nowait(event)
