"""What follows a job's end: model, points, news; idempotent steps, so a crash between them loses none."""

import logging

from core.errors import StaleError, UnavailableError
from core.jobs.records import TERMINAL, Job, Kind, Status
from core.metering import Measure, Meter
from core.models.service import Models
from core.notifications.service import Notifications
from core.offerings.price import compute_charge
from core.points.audit import charged_by
from core.points.service import Points
from core.ports import Clock, Documents
from core.royalties.records import Part
from core.royalties.shares import compute_pool, split, sum_by_payee
from core.royalties.uses import Uses

_log = logging.getLogger(__name__)


class Settlement:
    """Finishes ended jobs; the reconciler calls it again for those that a crash left half-done."""

    def __init__(
        self,
        jobs: Documents[Job],
        models: Models,
        points: Points,
        uses: Uses,
        notifications: Notifications,
        clock: Clock,
        meter: Meter,
    ) -> None:
        self._jobs = jobs
        self._models = models
        self._points = points
        self._uses = uses
        self._notifications = notifications
        self._clock = clock
        self._meter = meter

    async def finish(self, job: Job) -> Job:
        """Make the model, settle the hold, put the news in the outbox, then clear the mark."""
        if job.status not in TERMINAL or not job.needs_settling:
            return job
        makes_model = job.kind is Kind.TRAIN and job.status is Status.COMPLETED
        model = await self._models.create(job) if makes_model else None
        charged = await self._settle(job)
        await self._notifications.tell_job_ended(job, model, charged)
        done = job.changed(
            self._clock.now(),
            needs_settling=None,
            charged_points=charged,
            model=model.id if model else None,
        )
        try:
            done = await self._jobs.replace(done)
        except StaleError:  # another process has finished it, and counted it
            return await self._jobs.get(job.id)
        code = job.error.code if job.error else ""
        self._meter.count(Measure.JOBS_ENDED, kind=job.kind, status=job.status, code=code)
        return done

    async def finish_soon(self, job: Job) -> Job:
        """Finish a job now if everything is up; its end is stored already, so the sweeper can do it later."""
        try:
            return await self.finish(job)
        except UnavailableError as error:
            _log.warning("settling %s is left to the sweeper: %s", job.id, error.code)
            return job

    async def _settle(self, job: Job) -> int:
        """Charge what was used and return the rest; answer what was charged."""
        if await self._points.find_hold(job.owner, job.id) is None:
            return 0
        charge = compute_charge(job.quote, charged_steps(job))
        royalties = sum_by_payee(_split(job, charge))
        entry = await self._points.settle(job.owner, job.id, charge, job.note, royalties)
        charged = charged_by(entry)
        if job.kind is Kind.GENERATE and job.pictures:
            models = [lora.model for lora in job.generation.loras]
            await self._uses.note(job.id, job.owner, models, _split(job, charged))
        return charged


def _split(job: Job, charge: int) -> tuple[Part, ...]:
    """Split what a generation leaves for the makers of its models; the same charge always splits alike."""
    if job.kind is not Kind.GENERATE:
        return ()
    spec = job.generation
    return split(compute_pool(charge, spec.royalty_bps), spec.claims)


def charged_steps(job: Job) -> int:
    """Count the steps that a job pays for: the unique ones that it made, none when it failed.

    A generation pays for those of the pictures that it handed over.
    """
    if job.status is Status.FAILED:
        return 0
    if job.kind is Kind.GENERATE:
        return len(job.pictures) * job.generation.steps
    return job.steps_done
