"""Jobs as their owners see them: submit, look, cancel, retry; the worker's side is leases.py."""

import hashlib
import logging

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts, require_scope
from core.datasets.service import Datasets
from core.datasets.snapshots import Snapshots
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnavailableError,
)
from core.jobs.events import job_event
from core.jobs.records import TERMINAL, Job, LossChunk, Progress, Status
from core.jobs.settlement import Settlement
from core.jobs.transitions import move
from core.offerings.records import Quote, TrainingSpec
from core.offerings.service import Offerings, TrainingWishes, check_size
from core.paging import list_page
from core.points.service import Points
from core.ports import Clock, Documents, Events, Wakeups
from core.records import Page, PageRequest, new_id

_log = logging.getLogger(__name__)
_NO_JOB = "There is no such training."


class Jobs:
    """Trainings from submission to settlement."""

    def __init__(
        self,
        jobs: Documents[Job],
        losses: Documents[LossChunk],
        catalogue: Offerings,
        snapshots: Snapshots,
        datasets: Datasets,
        accounts: Accounts,
        points: Points,
        settlement: Settlement,
        wakeups: Wakeups,
        events: Events,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._losses = losses
        self._catalogue = catalogue
        self._snapshots = snapshots
        self._datasets = datasets
        self._accounts = accounts
        self._points = points
        self._settlement = settlement
        self._wakeups = wakeups
        self._events = events
        self._clock = clock

    async def quote(
        self, principal: Principal, wishes: TrainingWishes, dataset_id: str | None = None
    ) -> tuple[TrainingSpec, Quote]:
        """Check and price a training without buying it; with a dataset its size is checked too."""
        spec, quote = self._catalogue.specify(wishes)
        if dataset_id is not None:
            dataset = await self._datasets.get(principal, dataset_id)
            offering = self._catalogue.get(spec.offering)
            check_size(offering, len(await self._datasets.list_active(dataset.id)))
        return spec, quote

    async def submit(
        self, principal: Principal, dataset_id: str, wishes: TrainingWishes, idempotency_key: str
    ) -> Job:
        """Freeze snapshot, specification and price, hold the points, and queue the job.

        A saga of idempotent steps: pending job -> hold -> queued -> wake-up. The same key with the
        same content returns the same job and finishes a half-done saga; other content is a conflict.
        """
        require_scope(principal, Scope.SPEND)
        if not 1 <= len(idempotency_key) <= 200:
            raise InvalidError("Send an Idempotency-Key of 1 to 200 characters.")
        request = wishes.hash_for(dataset_id)
        job = await self._find_by_key(principal, idempotency_key)
        if job is None:
            job = await self._insert(principal, dataset_id, wishes, idempotency_key, request)
        if job.request_sha256 != request:
            raise ConflictError(
                "This Idempotency-Key was used for another training; take a new one."
            )
        return await self.advance(job) if job.status is Status.PENDING else job

    async def advance(self, job: Job) -> Job:
        """Take a pending job through hold and queue; repeating it is harmless."""
        try:
            await self._points.hold(
                job.owner, job.id, job.quote.points, f"Training on {job.dataset_name}"
            )
        except (RefusedError, UnavailableError):
            await self._jobs.delete(job)
            raise
        try:
            job = await self._jobs.replace(move(job, Status.QUEUED, self._clock.now()))
        except StaleError:
            return await self._jobs.get(job.id)
        await self.wake(job)
        await self._tell(job)
        return job

    async def get(self, principal: Principal, job_id: str) -> Job:
        """Return one's own job. Raises NotFoundError for all others."""
        try:
            job = await self._jobs.get(job_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_JOB) from error
        if job.owner != principal.account:
            raise NotFoundError(_NO_JOB)
        return job

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Job]:
        return await list_page(self._jobs, {"owner": principal.account}, "-created_at", page)

    async def list_losses(
        self, principal: Principal, job_id: str
    ) -> list[tuple[int, float, float]]:
        """Return a job's loss history, (step, loss, learning rate) in order of steps."""
        job = await self.get(principal, job_id)
        chunks = await self._losses.find({"job": job.id}, order="index")
        return [point for chunk in chunks for point in chunk.points]

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        """Ask a job to stop. A queued one ends at once; a running one at its next step.

        Cancelling again changes nothing; one that has ended, or is finishing, is a conflict.
        """
        require_scope(principal, Scope.WRITE)
        while True:
            job = await self.get(principal, job_id)
            if job.status is Status.CANCELLED or (
                job.cancel_requested and job.status not in TERMINAL
            ):
                return job
            if job.status in TERMINAL:
                raise ConflictError(f"This training has already {_END_WORDS[job.status]}.")
            if job.status is Status.FINISHING:
                raise ConflictError("This training is finishing; its model arrives in a moment.")
            now = self._clock.now()
            try:
                if job.lease is None:
                    ended = move(job, Status.CANCELLED, now, cancel_requested=True)
                    job = await self._settlement.finish(await self._jobs.replace(ended))
                else:
                    job = await self._jobs.replace(job.changed(now, cancel_requested=True))
            except StaleError:
                continue
            await self._tell(job)
            return job

    async def retry(self, principal: Principal, job_id: str, idempotency_key: str) -> Job:
        """Submit a failed or cancelled training again, on the same frozen snapshot and price."""
        require_scope(principal, Scope.SPEND)
        old = await self.get(principal, job_id)
        if old.status not in (Status.FAILED, Status.CANCELLED):
            raise ConflictError("Only a failed or cancelled training can be tried again.")
        known = await self._find_by_key(principal, idempotency_key)
        request = hashlib.sha256(f"retry {old.id}".encode()).hexdigest()
        if known is not None and known.request_sha256 != request:
            raise ConflictError(
                "This Idempotency-Key was used for another training; take a new one."
            )
        if known is None:
            await self._snapshots.check_bytes(old.snapshot)
            known = await self._insert_job(
                Job(
                    id=new_id("jb"),
                    created_at=self._clock.now(),
                    updated_at=self._clock.now(),
                    idempotency_key=idempotency_key,
                    request_sha256=request,
                    progress=Progress(total_steps=old.quote.inputs.steps),
                    **{name: getattr(old, name) for name in _FROZEN},
                )
            )
        return await self.advance(known) if known.status is Status.PENDING else known

    async def wake(self, job: Job) -> None:
        """Nudge a worker; when that fails the sweeper does it later."""
        try:
            await self._wakeups.wake(job.id, job.attempts)
        except UnavailableError as error:
            _log.warning("wake-up of %s is left to the sweeper: %s", job.id, error)

    async def _insert(
        self,
        principal: Principal,
        dataset_id: str,
        wishes: TrainingWishes,
        idempotency_key: str,
        request: str,
    ) -> Job:
        dataset = await self._datasets.get(principal, dataset_id)
        spec, quote = await self.quote(principal, wishes, dataset_id)
        snapshot = await self._snapshots.take(dataset)
        now = self._clock.now()
        return await self._insert_job(
            Job(
                id=new_id("jb"),
                created_at=now,
                updated_at=now,
                owner=principal.account,
                idempotency_key=idempotency_key,
                request_sha256=request,
                dataset=dataset.id,
                dataset_name=dataset.name,
                snapshot=snapshot.id,
                spec=spec,
                quote=quote,
                progress=Progress(total_steps=quote.inputs.steps),
            )
        )

    async def _insert_job(self, job: Job) -> Job:
        try:
            return await self._jobs.insert(job)
        except AlreadyExistsError:
            found = await self._jobs.find(
                {"owner": job.owner, "idempotency_key": job.idempotency_key}, limit=1
            )
            if not found:
                raise
            return found[0]

    async def _find_by_key(self, principal: Principal, key: str) -> Job | None:
        where = {"owner": principal.account, "idempotency_key": key}
        found = await self._jobs.find(where, limit=1)
        return found[0] if found else None

    async def _tell(self, job: Job) -> None:
        await self._events.publish(job_event(job))


_FROZEN = ("owner", "dataset", "dataset_name", "snapshot", "spec", "quote")
_END_WORDS = {
    Status.COMPLETED: "finished",
    Status.FAILED: "failed",
    Status.CANCELLED: "been cancelled",
}
