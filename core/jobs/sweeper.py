"""What time alone must do: re-wake jobs, finish half-done sagas, delete unpinned bytes; safe to run twice at once."""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from core.datasets.retention import Retention
from core.errors import TrainyardError
from core.jobs.leases import Leases
from core.jobs.queue import find_expired
from core.jobs.records import Job, Status
from core.jobs.submission import Submission
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below

_log = logging.getLogger(__name__)
_PENDING_GRACE = timedelta(seconds=30)
_QUEUED_GRACE = timedelta(seconds=5)
_MAX_WAKES = 100
"""A wake-up makes a worker look for the fairest job, so the queue need not be walked to its end."""


class Sweeper:
    """Runs every few seconds in each server and worker."""

    def __init__(
        self,
        jobs: Documents[Job],
        submission: Submission,
        leases: Leases,
        retention: Retention,
        clock: Clock,
        others: tuple[Callable[[], Awaitable[object]], ...] = (),
    ) -> None:
        self._jobs = jobs
        self._submission = submission
        self._leases = leases
        self._retention = retention
        self._clock = clock
        self._others = others

    async def sweep(self) -> None:
        """Do each duty; one that fails is logged and does not keep the others from theirs."""
        for duty in (
            self.finish_sagas,
            self._leases.end_due,
            self.wake_jobs,
            self._retention.empty_deleted,
            self._retention.sweep,
            *self._others,
        ):
            try:
                await duty()
            except TrainyardError:
                _log.exception("sweep: %s failed", getattr(duty, "__name__", duty))

    async def finish_sagas(self) -> int:
        """Finish jobs that ended but were not settled, and submissions that stopped half-way.

        One that cannot be finished now is logged, and keeps no other from being finished.
        """
        done = 0
        async for job in iterate(self._jobs, {"needs_settling": True}):
            try:
                await self._leases.settle(job)
                done += 1
            except TrainyardError:
                _log.exception("sweep: %s cannot be settled", job.id)
        started = Below(self._clock.now() - _PENDING_GRACE)
        async for job in iterate(self._jobs, {"status": Status.PENDING, "created_at": started}):
            try:
                await self._submission.resolve(job)
                done += 1
            except TrainyardError:
                _log.exception("sweep: the submission %s cannot be ended", job.id)
        return done

    async def wake_jobs(self) -> int:
        """Wake workers for jobs that have waited for one longer than a wake-up takes."""
        now = self._clock.now()
        waited = now - _QUEUED_GRACE
        queued = await self._jobs.find(
            {"status": Status.QUEUED}, order="created_at", limit=_MAX_WAKES
        )
        expired = await find_expired(self._jobs, now)
        waiting = [job for job in (*expired, *queued) if job.updated_at < waited]
        for job in waiting:
            await self._submission.wake(job)
        return len(waiting)
