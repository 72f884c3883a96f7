"""Both ends of the wire: wake-ups out, wake-ups in; arq carries a job's id and nothing else."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from core.errors import UnavailableError

_log = logging.getLogger(__name__)
_WAKE_S = 2.0
POLL_S = 0.05
_PAUSE_S = 1.0
_LONGEST_S = 30 * 24 * 3600.0
"""arq ends a task after this; a training has its own ends long before, and its lease is the claim that counts."""


def _dump(value: dict[str, Any]) -> bytes:  # arq's own shape of a message
    return json.dumps(value, default=repr).encode()


def _load(data: bytes) -> dict[str, Any]:  # arq's own shape of a message
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("not a message of ours")
    return message


def name_queue(prefix: str, kind: str) -> str:
    """Name the queue of a kind of job."""
    return f"{prefix}:{kind}"


class ArqWakeups:
    """Sends wake-ups, each kind of job's to a queue of its own; connects when the first one is sent,
    and anew when Redis comes back."""

    def __init__(self, url: str, queue_name: str) -> None:
        self._settings = RedisSettings.from_dsn(url)
        self._settings.conn_retries = 0
        self._queue_name = queue_name
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def wake(self, job_id: str, attempt: int, kind: str) -> None:
        try:
            async with asyncio.timeout(_WAKE_S):
                pool = await self._connect()
                name = name_queue(self._queue_name, kind)
                await pool.enqueue_job(
                    "work", job_id, _job_id=f"{job_id}:{attempt}", _queue_name=name
                )
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            raise UnavailableError(f"the queue cannot be reached: {error!r}") from error

    async def check(self) -> None:
        try:
            async with asyncio.timeout(_WAKE_S):
                await (await self._connect()).ping()
        except (RedisError, OSError) as error:
            raise UnavailableError(f"the queue cannot be reached: {error!r}") from error

    async def _connect(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(self._settings, job_serializer=_dump)
            return self._pool


class ArqListener:
    """Receives one kind's wake-ups one at a time: while a handler runs, other workers get the next ones.

    A handler is cancelled when Redis goes away, so it must only wait for work, never do it.
    """

    def __init__(
        self,
        url: str,
        queue: str,
        handle: Callable[[str], Awaitable[None]],
        poll_s: float = POLL_S,
    ) -> None:
        self._poll_s = poll_s
        self._url = url
        self._queue_name = queue
        self._handle = handle
        self._worker: Worker | None = None

    async def listen(self) -> None:
        """Call the handler for each wake-up until cancelled; outlives a Redis that goes away."""
        while True:
            self._worker = self._make_worker()
            try:
                await self._worker.async_run()
            except (RedisError, OSError) as error:
                _log.warning("the queue is out of reach, trying again: %r", error)
                await asyncio.sleep(_PAUSE_S)
            finally:
                await self._close_worker()

    def stop_listening(self) -> None:
        """Take no further wake-up; one that is being handled goes on."""
        if self._worker is not None:
            self._worker.allow_pick_jobs = False

    def _make_worker(self) -> Worker:
        async def work(context: dict[Any, Any], job_id: str) -> None:  # arq's own context
            await self._handle(job_id)

        settings = RedisSettings.from_dsn(self._url)
        settings.conn_retries = 0
        settings.retry_on_error = [RedisConnectionError]
        settings.retry = Retry(ExponentialBackoff(cap=1), 3)
        return Worker(
            [func(work, name="work", timeout=_LONGEST_S, keep_result=0)],
            queue_name=self._queue_name,
            redis_settings=settings,
            max_jobs=1,
            job_timeout=_LONGEST_S,
            keep_result=0,
            poll_delay=self._poll_s,
            max_tries=1000,
            health_check_interval=30,
            handle_signals=False,
            job_serializer=_dump,
            job_deserializer=_load,
            log_results=False,
        )

    async def _close_worker(self) -> None:
        """End arq's tasks and connection; arq's own close would wait for a Redis that is gone."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if worker.main_task is not None:
            worker.main_task.cancel()
            await asyncio.gather(worker.main_task, return_exceptions=True)
        for handling in worker.job_tasks.values():
            handling.cancel()
        await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
        if worker._pool is not None:
            await worker._pool.aclose(close_connection_pool=True)
