"""Jobs as workers see them: claim, heartbeat, progress, release, end; every write carries the lease's token."""

import contextlib
from collections.abc import Callable
from datetime import datetime

from core.accounts.service import Accounts
from core.errors import AlreadyExistsError, LeaseLostError, NotFoundError, StaleError
from core.jobs import attempts
from core.jobs.events import job_event
from core.jobs.fairness import order_fairly, spread
from core.jobs.queue import PLENTY_GB, Queue, find_expired
from core.jobs.records import (
    TERMINAL,
    Checkpoint,
    Failure,
    Job,
    Kind,
    Picture,
    Progress,
    Sample,
    Status,
    StoredFile,
)
from core.jobs.settlement import Settlement
from core.jobs.transitions import move
from core.ports import Clock, Documents, Events

LEASE_S = 90
_ALL = frozenset(Kind)


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
        self._lease_s = lease_s
        self._jobs = jobs
        self._queue = Queue(jobs, accounts)
        self._settlement = settlement
        self._events = events
        self._clock = clock

    async def claim(
        self,
        owner: str,
        families: frozenset[str],
        kinds: frozenset[Kind] = _ALL,
        memory_gb: int = PLENTY_GB,
    ) -> Job | None:
        """Claim the fairest job that this worker can do and has the memory for, or return None.

        Two workers may want the same job: the compare-and-set on its version lets one have it, the
        other looks further. A job whose lease expired is claimable again and keeps its slot; its
        third attempt without progress fails it.
        """
        lost = True
        while lost:
            lost = False
            now = self._clock.now()
            candidates, busy = await self._queue.list_claimable(now, families, kinds, memory_gb)
            for job in spread(order_fairly(candidates, busy), owner):
                try:
                    claimed = await self._try_claim(job, owner, busy[job.owner, job.kind])
                except StaleError:
                    lost = True
                    continue
                if claimed is not None:
                    await self._events.publish(job_event(claimed))
                    return claimed
        return None

    async def end_due(self) -> int:
        """End jobs that no worker holds any more and none should claim: cancelled, or worn out."""
        ended = 0
        for job in await find_expired(self._jobs, self._clock.now()):
            ended += await self._end_if_due(job)
        return ended

    async def heartbeat(self, job: Job, progress: Progress | None = None) -> Job:
        """Extend the lease, and return the job as it is now, with its cancel flag. Raises LeaseLostError."""

        def change(fresh: Job, now: datetime) -> Job:
            if progress is None:
                return fresh
            steps = max(fresh.steps_done, progress.step)
            return fresh.changed(now, progress=progress, steps_done=steps)

        return await self._update(job, change)

    async def start_running(self, job: Job) -> Job:
        """Say that the first step is about to run."""
        return await self._move(job, lambda fresh, now: move(fresh, Status.RUNNING, now))

    async def start_finishing(self, job: Job) -> Job:
        """Say that training is over: from here a cancel comes too late. Raises ConflictError when cancelled.

        `move` refuses it for the version that is replaced, so no cancel can slip in between.
        """
        return await self._move(job, lambda fresh, now: move(fresh, Status.FINISHING, now))

    async def add_sample(self, job: Job, sample: Sample) -> Job:
        """Keep a sample; the same step and prompt again (after a resume) replaces it."""

        def change(fresh: Job, now: datetime) -> Job:
            place = (sample.step, sample.prompt)
            kept = (s for s in fresh.samples if (s.step, s.prompt) != place)
            ordered = tuple(sorted((*kept, sample), key=lambda s: s.step))
            return fresh.changed(now, samples=ordered)

        return await self._update(job, change)

    async def add_picture(self, job: Job, picture: Picture) -> Job:
        """Keep a picture; the same index again (by another attempt) replaces it."""

        def change(fresh: Job, now: datetime) -> Job:
            kept = (p for p in fresh.pictures if p.index != picture.index)
            ordered = tuple(sorted((*kept, picture), key=lambda p: p.index))
            return fresh.changed(now, pictures=ordered)

        return await self._update(job, change)

    async def count_caption(self, job: Job, index: int, *, written: int) -> Job:
        """Note that the snapshot's picture at `index` is dealt with; again it changes nothing."""

        def change(fresh: Job, now: datetime) -> Job:
            if index < fresh.looked_at:
                return fresh
            return fresh.changed(now, looked_at=index + 1, steps_done=fresh.steps_done + written)

        return await self._update(job, change)

    async def set_checkpoint(self, job: Job, checkpoint: Checkpoint) -> Job:
        """Name the newest checkpoint, and keep the one before it."""

        def change(fresh: Job, now: datetime) -> Job:
            known = fresh.checkpoint
            is_older = known is not None and known.step < checkpoint.step
            previous = known if is_older else fresh.previous_checkpoint
            return fresh.changed(now, checkpoint=checkpoint, previous_checkpoint=previous)

        return await self._update(job, change)

    async def release(self, job: Job, note: str) -> Job:
        """Give a job back to the queue without counting the attempt: the worker drains."""
        return await self._move(job, lambda fresh, now: attempts.release(fresh, note, now))

    async def complete(
        self, job: Job, artifacts: tuple[StoredFile, ...], steps_done: int | None = None
    ) -> Job:
        """End a job well: artifacts become visible by this one write, then model, settlement, news.

        Fewer steps than were bought, after an early stop, are all that is charged.
        """

        def change(fresh: Job, now: datetime) -> Job:
            bought = fresh.quote.inputs.total_steps
            steps = bought if steps_done is None else min(steps_done, bought)
            return move(fresh, Status.COMPLETED, now, artifacts=artifacts, steps_done=steps)

        return await self._move(job, change)

    async def cancel(self, job: Job) -> Job:
        """End a job because its owner asked to."""
        return await self._move(job, lambda fresh, now: move(fresh, Status.CANCELLED, now))

    async def fail(self, job: Job, failure: Failure) -> Job:
        """End a job that cannot succeed; everything held goes back."""
        return await self._move(job, lambda fresh, now: attempts.fail(fresh, failure, now))

    async def give_back(self, job: Job, note: str) -> Job:
        """Give up an attempt that broke: the job is queued again, or failed after too many attempts."""
        return await self._move(job, lambda fresh, now: attempts.give_back(fresh, note, now))

    async def settle(self, job: Job) -> None:
        """Finish what follows a job's end where that was left half-done, and say so."""
        await self._events.publish(job_event(await self._settlement.finish(job)))

    async def _try_claim(self, job: Job, owner: str, busy: list[int]) -> Job | None:
        """Take a job in a free slot of its account; None where there is none, or the job has ended.

        Raises StaleError when the job or the slot went to another meanwhile.
        """
        if await self._end_if_due(job):
            return None
        slots = await self._queue.list_free(job, busy)
        for slot in slots:
            try:
                now = self._clock.now()
                claimed = attempts.claim(job, owner, now, self._lease_s)
                return await self._jobs.replace(claimed.changed(now, slot=slot))
            except AlreadyExistsError:
                continue
        if slots:
            raise StaleError("Every slot went to another.")
        return None

    async def _end_if_due(self, job: Job) -> bool:
        """End a job that nobody holds when its owner cancelled it or its attempts are spent."""
        ended = attempts.end_if_due(job, self._clock.now())
        if ended is None:
            return False
        with contextlib.suppress(StaleError):  # it moved: whoever moved it looks after it
            stored = await self._jobs.replace(ended)
            await self._events.publish(job_event(await self._settlement.finish_soon(stored)))
        return True

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

    async def _update(self, job: Job, change: Callable[[Job, datetime], Job]) -> Job:
        """Change what a job holds, and let its lease run from now."""

        def extend(fresh: Job, now: datetime) -> Job:
            return attempts.extend(change(fresh, now), now)

        return await self._change(job, extend)

    async def _change(self, job: Job, change: Callable[[Job, datetime], Job]) -> Job:
        """Replace the job by a change of what it is now; whatever the change decides on cannot move in between."""
        while True:
            fresh = await self._current(job)
            with contextlib.suppress(StaleError):
                return await self._jobs.replace(change(fresh, self._clock.now()))

    async def _move(self, job: Job, change: Callable[[Job, datetime], Job]) -> Job:
        """Change the job's state; one that ended is finished, and whoever listens is told."""
        stored = await self._settlement.finish_soon(await self._change(job, change))
        await self._events.publish(job_event(stored))
        return stored
