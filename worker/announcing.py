"""Keeps a worker's record in the fleet: what it has and does, with each heartbeat and when that changes."""

import asyncio
import contextlib
import logging
import os
import time
from datetime import UTC, datetime

from core.endings import finish_anyway
from core.errors import TrainyardError
from core.fleet.records import Worker as WorkerRecord
from core.fleet.service import Fleet
from core.records import new_id
from worker.device import describe_code, read_device, read_memory
from worker.workplace import Workplace

_log = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GAP_S = 1.0
"""At least so long after one change comes the next, however short jobs are."""
_BEATS = 6
"""Heartbeats in the time of a lease."""


class Announcer:
    """Says what the worker is doing; a store that is down is told later, and no job waits for it."""

    def __init__(self, fleet: Fleet, name: str, families: frozenset[str], place: Workplace) -> None:
        self._fleet = fleet
        self._given_gb = place.memory_gb
        self._every_s = place.lease_s / _BEATS
        self._changed, self._draining = asyncio.Event(), asyncio.Event()
        self._read_s = 0.0
        self.fleet_size = 1
        """How many workers there are, this one included."""
        self._record = WorkerRecord(
            id=new_id("wk"),
            created_at=_EPOCH,
            updated_at=_EPOCH,
            expires_at=_EPOCH,
            name=name,
            code=describe_code(),
            kinds=tuple(sorted(place.kinds)),
            families=tuple(sorted(families)),
            queues=place.queues,
            memory_gb=0,
            memory=read_memory(),
        )

    @property
    def memory_gb(self) -> int:
        return self._record.memory_gb

    def note_job(self, job: str | None) -> None:
        """Say what the worker is working on."""
        self._change(job=job)

    def note_draining(self) -> None:
        """Say that the worker takes no more jobs."""
        self._change(is_draining=True)
        self._draining.set()

    async def prepare(self) -> None:
        """Read what the machine has; jobs are taken by it."""
        device = await read_device(os.environ.get("CUDA_VISIBLE_DEVICES"))
        self._read_s = time.monotonic()
        given_gb = self._given_gb
        memory_gb = device.memory_gb if given_gb is None else given_gb
        self._change(gpu=device.gpu, memory=device.memory, memory_gb=memory_gb)

    async def run(self) -> None:
        """Announce at once, then with each heartbeat and after each change, until cancelled."""
        while True:
            await finish_anyway(self._announce())
            await _wait(self._draining, _GAP_S)
            await _wait(self._changed, self._every_s)

    async def leave(self) -> None:
        """Say that the worker ends."""
        try:
            await finish_anyway(self._fleet.leave(self._record))
        except TrainyardError as error:
            _log.warning("the worker leaves unsaid: %s", error)

    async def _announce(self) -> None:
        try:
            if time.monotonic() - self._read_s > self._every_s:
                await self.prepare()
            self._changed.clear()
            stored = await self._fleet.announce(self._record)
            self.fleet_size = max(1, await self._fleet.count_up())
        except TrainyardError as error:
            _log.warning(
                "the worker could not be announced, the next heartbeat tries again: %s", error
            )
            return
        kept = ("id", "version", "created_at", "updated_at", "expires_at")
        self._record = self._record.model_copy(
            update={name: getattr(stored, name) for name in kept}
        )

    def _change(self, **fields: object) -> None:
        self._record = self._record.model_copy(update=fields)
        self._changed.set()


async def _wait(event: asyncio.Event, at_most_s: float) -> None:
    """Wait for an event; not by `wait_for`, which loses a cancellation that comes with the event."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            await event.wait()
