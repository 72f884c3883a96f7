"""Workers announce themselves here, and admins see them; the record of one that is silent expires."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.accounts.records import Principal
from core.accounts.tokens import require_admin
from core.errors import StaleError
from core.fleet.records import State, Worker
from core.jobs.records import Job, Kind, Status
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Above, Below, Value, new_id

KEPT = timedelta(hours=1)
"""How long a worker that was lost is still shown."""
_MAX_SWEPT = 100


class SeenWorker(Value):
    """A worker as admins see it."""

    worker: Worker
    state: State


class FleetReport(Value):
    """All workers, by name, and how many jobs of each kind wait for one."""

    workers: tuple[SeenWorker, ...]
    waiting: dict[Kind, int]


class Fleet:
    """The workers that there are."""

    def __init__(
        self, workers: Documents[Worker], jobs: Documents[Job], clock: Clock, lasts_s: float
    ) -> None:
        self._workers = workers
        self._jobs = jobs
        self._clock = clock
        self._lasts_s = lasts_s

    async def announce(self, worker: Worker) -> Worker:
        """Keep what a worker says of itself, for as long as a lease lasts.

        A record that was swept while its worker was frozen is made anew.
        """
        now = self._clock.now()
        fresh = worker.changed(now, expires_at=now + timedelta(seconds=self._lasts_s))
        if fresh.version:
            try:
                return await self._workers.replace(fresh)
            except StaleError:
                fresh = fresh.model_copy(update={"id": new_id("wk"), "version": 0})
        return await self._workers.insert(fresh.changed(now, created_at=now))

    async def leave(self, worker: Worker) -> None:
        """Note that a worker has ended by itself."""
        now = self._clock.now()
        if worker.version:
            await self._workers.replace(worker.changed(now, ended_at=now, expires_at=now))

    async def count_up(self) -> int:
        """Count the workers that are up."""
        return await self._workers.count({"expires_at": Above(self._clock.now())})

    async def list_recent(self, within: timedelta) -> list[Worker]:
        """List the workers that are up, or were this long ago."""
        heard = Above(self._clock.now() - within)
        return [worker async for worker in iterate(self._workers, {"expires_at": heard})]

    async def report(self, principal: Principal) -> FleetReport:
        """Show admins every worker, those that were lost in the last hour too. Raises ForbiddenError."""
        require_admin(principal)
        found = [worker for worker in await self.list_recent(KEPT) if worker.ended_at is None]
        return FleetReport(
            workers=tuple(_show(sorted(found, key=_place), self._clock.now())),
            waiting={kind: await self._count_waiting(kind) for kind in Kind},
        )

    async def sweep(self) -> int:
        """Forget workers that ended or were lost an hour ago."""
        silent = Below(self._clock.now() - KEPT)
        gone = await self._workers.find({"expires_at": silent}, limit=_MAX_SWEPT)
        for worker in gone:
            await self._forget(worker)
        return len(gone)

    async def _forget(self, worker: Worker) -> None:
        try:
            await self._workers.delete(worker)
        except StaleError:  # it woke up, or another sweep was here
            return

    async def _count_waiting(self, kind: Kind) -> int:
        return await self._jobs.count({"status": Status.QUEUED, "kind": kind})


def _place(worker: Worker) -> tuple[str, str]:
    return worker.name, worker.id


def _show(workers: Sequence[Worker], now: datetime) -> list[SeenWorker]:
    return [SeenWorker(worker=worker, state=tell_state(worker, now)) for worker in workers]


def tell_state(worker: Worker, now: datetime) -> State:
    """Tell how a worker is doing from what it said last, and when."""
    if worker.expires_at <= now:
        return State.LOST
    if worker.is_draining:
        return State.DRAINING
    return State.BUSY if worker.job else State.IDLE
