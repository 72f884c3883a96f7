"""What time alone must do: re-wake jobs, finish half-done sagas, delete unpinned bytes; safe to run twice at once."""

import logging
from datetime import timedelta

from core.datasets.snapshots import Snapshots
from core.errors import TrainyardError
from core.jobs.leases import Leases
from core.jobs.records import Job, Status
from core.jobs.service import Jobs
from core.jobs.settlement import Settlement
from core.ports import Clock, Documents
from core.records import Below

_log = logging.getLogger(__name__)
_PENDING_GRACE = timedelta(seconds=30)
_QUEUED_GRACE = timedelta(seconds=5)


class Sweeper:
    """Runs every few seconds in each server and worker."""

    def __init__(
        self,
        jobs: Documents[Job],
        service: Jobs,
        leases: Leases,
        settlement: Settlement,
        snapshots: Snapshots,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._service = service
        self._leases = leases
        self._settlement = settlement
        self._snapshots = snapshots
        self._clock = clock

    async def sweep(self) -> None:
        """Do each duty; one that fails is logged and does not keep the others from theirs."""
        for duty in (self.finish_sagas, self.wake_jobs, self._snapshots.sweep):
            try:
                await duty()
            except TrainyardError:
                _log.exception("sweep: %s failed", getattr(duty, "__name__", duty))

    async def finish_sagas(self) -> int:
        """Finish jobs that ended but were not settled, and submissions that stopped half-way."""
        now = self._clock.now()
        ended = await self._jobs.find({"needs_settling": True}, limit=200)
        for job in ended:
            await self._settlement.finish(job)
        stuck = await self._jobs.find(
            {"status": Status.PENDING, "created_at": Below(now - _PENDING_GRACE)}, limit=200
        )
        for job in stuck:
            try:
                await self._service.advance(job)
            except TrainyardError as error:  # too few points by now: the submission never happened
                _log.info("abandoned submission %s: %s", job.id, error.code)
        return len(ended) + len(stuck)

    async def wake_jobs(self) -> int:
        """Wake a worker for each job that has waited for one longer than a wake-up takes."""
        waited = self._clock.now() - _QUEUED_GRACE
        waiting = [job for job in await self._leases.list_claimable() if job.updated_at < waited]
        for job in waiting:
            await self._service.wake(job)
        return len(waiting)
