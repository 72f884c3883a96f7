"""Jobs as workers see them: claim, heartbeat, progress, release, end; every write carries the lease's token."""

from datetime import timedelta

from core.accounts.service import Accounts
from core.errors import ConflictError, LeaseLostError, NotFoundError, StaleError
from core.jobs.events import job_event
from core.jobs.fairness import order_fairly
from core.jobs.records import (
    LEASED,
    TERMINAL,
    Checkpoint,
    Failure,
    Job,
    Lease,
    Progress,
    Sample,
    Status,
    StoredFile,
)
from core.jobs.settlement import Settlement
from core.jobs.transitions import move
from core.ports import Clock, Documents, Events
from core.records import Below, OneOf

LEASE_S = 90
MAX_ATTEMPTS = 3
_CLAIM_WINDOW = 500


class Leases:
    """The queue: the stored rows are the truth, a wake-up is only a hint to look."""

    def __init__(
        self,
        jobs: Documents[Job],
        accounts: Accounts,
        settlement: Settlement,
        events: Events,
        clock: Clock,
        lease_s: float = LEASE_S,
    ) -> None:
        self._jobs = jobs
        self._accounts = accounts
        self._settlement = settlement
        self._events = events
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)

    async def claim(self, owner: str, families: frozenset[str]) -> Job | None:
        """Claim the fairest job that this worker can do, or return None.

        Two workers may want the same job: the compare-and-set on its version lets one have it.
        A job whose lease expired is claimable again; its third attempt without progress fails it.
        """
        candidates = [
            job for job in await self.list_claimable() if job.spec.base_model.family in families
        ]
        busy = await self._count_busy()
        for job in order_fairly(candidates, busy):
            if job.lease is None and busy.get(job.owner, 0) >= await self._get_cap(job.owner):
                continue
            claimed = await self._try_claim(job, owner)
            if claimed is not None:
                await self._events.publish(job_event(claimed))
                return claimed
        return None

    async def list_claimable(self) -> list[Job]:
        """List queued jobs and those whose lease has run out, oldest first."""
        now = self._clock.now()
        queued = await self._jobs.find(
            {"status": Status.QUEUED}, order="created_at", limit=_CLAIM_WINDOW
        )
        leased = OneOf(tuple(status.value for status in LEASED))
        expired = await self._jobs.find(
            {"status": leased, "lease.expires_at": Below(now)}, order="created_at"
        )
        return [*expired, *queued]

    async def heartbeat(self, job: Job, progress: Progress | None = None) -> Job:
        """Extend the lease, and return the job as it is now, with its cancel flag. Raises LeaseLostError."""
        fields: dict[str, object] = {}
        if progress is not None:
            fields["progress"] = progress
            fields["steps_done"] = max(job.steps_done, progress.step)
        return await self._update(job, **fields)

    async def start_running(self, job: Job) -> Job:
        """Say that the first step is about to run."""
        return await self._move(job, Status.RUNNING)

    async def start_finishing(self, job: Job) -> Job:
        """Say that training is over: from here a cancel comes too late. Raises ConflictError when cancelled."""
        fresh = await self._current(job)
        if fresh.cancel_requested:
            raise ConflictError("This training was cancelled.")
        return await self._move(fresh, Status.FINISHING)

    async def add_sample(self, job: Job, sample: Sample) -> Job:
        """Keep a sample; the same step and prompt again (after a resume) replaces it."""
        fresh = await self._current(job)
        kept = tuple(s for s in fresh.samples if (s.step, s.prompt) != (sample.step, sample.prompt))
        ordered = tuple(sorted((*kept, sample), key=lambda s: s.step))
        return await self._update(fresh, samples=ordered)

    async def set_checkpoint(self, job: Job, checkpoint: Checkpoint) -> Job:
        return await self._update(job, checkpoint=checkpoint)

    async def release(self, job: Job, note: str) -> Job:
        """Give a job back to the queue without counting the attempt: the worker drains."""
        return await self._move(job, Status.QUEUED, note=note, attempts=max(0, job.attempts - 1))

    async def complete(self, job: Job, artifacts: tuple[StoredFile, ...]) -> Job:
        """End a job well: artifacts become visible by this one write, then model, settlement, news."""
        done = job.quote.inputs.steps
        ended = await self._move(job, Status.COMPLETED, artifacts=artifacts, steps_done=done)
        return await self._settlement.finish(ended)

    async def cancel(self, job: Job) -> Job:
        """End a job because its owner asked to."""
        return await self._settlement.finish(await self._move(job, Status.CANCELLED))

    async def fail(self, job: Job, failure: Failure) -> Job:
        """End a job that cannot succeed; everything held goes back."""
        ended = await self._move(job, Status.FAILED, note=failure.code, error=failure)
        return await self._settlement.finish(ended)

    async def give_back(self, job: Job, note: str) -> Job:
        """Give up an attempt that broke: the job is queued again, or failed after too many attempts."""
        if _count_attempts(job) >= MAX_ATTEMPTS:
            return await self.fail(job, _worn_out())
        return await self._move(job, Status.QUEUED, note=note)

    async def _try_claim(self, job: Job, owner: str) -> Job | None:
        now = self._clock.now()
        attempts = _count_attempts(job)
        try:
            if job.cancel_requested:
                ended = move(job, Status.CANCELLED, now)
                await self._settlement.finish(await self._jobs.replace(ended))
                return None
            if attempts >= MAX_ATTEMPTS:
                ended = move(job, Status.FAILED, now, error=_worn_out())
                await self._settlement.finish(await self._jobs.replace(ended))
                return None
            token = job.token + 1
            lease = Lease(owner=owner, token=token, expires_at=now + self._lease)
            step = job.checkpoint.step if job.checkpoint else 0
            return await self._jobs.replace(
                move(
                    job,
                    Status.PREPARING,
                    now,
                    lease=lease,
                    token=token,
                    attempts=attempts + 1,
                    attempt_step=step,
                )
            )
        except StaleError:
            return None

    async def _count_busy(self) -> dict[str, int]:
        leased = OneOf(tuple(status.value for status in LEASED))
        busy: dict[str, int] = {}
        for job in await self._jobs.find({"status": leased}):
            busy[job.owner] = busy.get(job.owner, 0) + 1
        return busy

    async def _get_cap(self, owner: str) -> int:
        return (await self._accounts.get_quotas(owner)).quotas.max_running_jobs

    async def _current(self, job: Job) -> Job:
        """Read the job afresh. Raises LeaseLostError unless this lease is still the one that counts."""
        if job.lease is None:
            raise LeaseLostError("This worker holds no lease on the job.")
        try:
            fresh = await self._jobs.get(job.id)
        except NotFoundError as error:
            raise LeaseLostError("The job is gone.") from error
        if fresh.status in TERMINAL or fresh.lease is None or fresh.lease.token != job.lease.token:
            raise LeaseLostError("Another worker has this job now, or it has ended.")
        return fresh

    async def _update(self, job: Job, **fields: object) -> Job:
        while True:
            fresh = await self._current(job)
            now = self._clock.now()
            lease = fresh.lease and fresh.lease.model_copy(
                update={"expires_at": now + self._lease}
            )
            try:
                return await self._jobs.replace(fresh.changed(now, lease=lease, **fields))
            except StaleError:
                continue

    async def _move(self, job: Job, status: Status, *, note: str = "", **fields: object) -> Job:
        while True:
            fresh = await self._current(job)
            try:
                moved = move(fresh, status, self._clock.now(), note=note, **fields)
                stored = await self._jobs.replace(moved)
            except StaleError:
                continue
            await self._events.publish(job_event(stored))
            return stored


def _count_attempts(job: Job) -> int:
    """Count attempts without progress: they are forgiven when the checkpoint moved on."""
    step = job.checkpoint.step if job.checkpoint else 0
    return 0 if step > job.attempt_step else job.attempts


def _worn_out() -> Failure:
    return Failure(
        code="worker_lost",
        message="The training stopped three times without getting on. All points were returned.",
    )
