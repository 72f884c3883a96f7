"""The state of the whole instance in figures: queues, ledger, storage; a duty looks at it now and then."""

from core.accounts.records import Account
from core.jobs.queue import LEASED_STATES
from core.jobs.records import Job, Kind, Status
from core.metering import Measure, Meter
from core.points.reconcile import Reconciler, Verdict
from core.ports import Clock, Documents


class Gauges:
    """Says what is, so that an operator sees it before people do."""

    def __init__(
        self,
        jobs: Documents[Job],
        accounts: Documents[Account],
        reconciler: Reconciler,
        meter: Meter,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._accounts = accounts
        self._reconciler = reconciler
        self._meter = meter
        self._clock = clock

    async def look(self) -> None:
        """Say how many jobs wait and run, and since when the oldest waits; how much is stored."""
        now = self._clock.now()
        for kind in Kind:
            queued = {"kind": kind, "status": Status.QUEUED}
            oldest = await self._jobs.find(queued, order="created_at", limit=1)
            wait_s = (now - oldest[0].created_at).total_seconds() if oldest else 0.0
            self._meter.set(Measure.OLDEST_WAIT_S, wait_s, kind=kind)
            self._meter.set(Measure.JOBS_QUEUED, await self._jobs.count(queued), kind=kind)
            leased = await self._jobs.count({"kind": kind, "status": LEASED_STATES})
            self._meter.set(Measure.JOBS_LEASED, leased, kind=kind)
        stored = await self._accounts.sum("storage_bytes", {"merged_into": None})
        self._meter.set(Measure.STORAGE_BYTES, stored)

    async def reconcile(self) -> Verdict:
        """Check the whole ledger, and say what came of it."""
        verdict = await self._reconciler.reconcile()
        stop = await self._reconciler.find_stop()
        self._meter.set(Measure.LEDGER_SOUND, verdict.is_sound)
        self._meter.set(Measure.LEDGER_FINDINGS, len(verdict.findings))
        self._meter.set(Measure.SPENDING_STOPPED, stop is not None)
        for place in ("granted", "charged", "balances", "open_holds", "between"):
            points = getattr(verdict, f"{place}_points")
            self._meter.set(Measure.LEDGER_POINTS, points, place=place)
        return verdict
