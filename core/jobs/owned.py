"""Jobs of one kind as their owners see them: get, list and cancel, the same for every kind."""

from dataclasses import dataclass

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.errors import ConflictError, NotFoundError, StaleError
from core.jobs.events import job_event
from core.jobs.records import TERMINAL, VISIBLE, Job, Kind, Status
from core.jobs.settlement import Settlement
from core.jobs.transitions import move
from core.paging import list_page
from core.ports import Clock, Documents, Events
from core.records import Condition, OneOf, Page, PageRequest


@dataclass(frozen=True)
class OwnJobs:
    """What an owner may see and do with jobs of one kind."""

    kind: Kind
    jobs: Documents[Job]
    settlement: Settlement
    events: Events
    clock: Clock

    async def get(self, principal: Principal, job_id: str) -> Job:
        """Return one's own job. Raises NotFoundError for all others, and for one not yet submitted."""
        try:
            job = await self.jobs.get(job_id)
        except NotFoundError as error:
            raise self._refuse() from error
        if job.owner != principal.account or job.kind is not self.kind:
            raise self._refuse()
        if job.status is Status.PENDING:
            raise self._refuse()
        return job

    async def list_own(
        self, principal: Principal, page: PageRequest, statuses: frozenset[Status] = VISIBLE
    ) -> Page[Job]:
        shown = sorted(status.value for status in statuses & VISIBLE)
        where: dict[str, Condition] = {
            "owner": principal.account,
            "kind": self.kind,
            "status": OneOf(tuple(shown)),
        }
        return await list_page(self.jobs, where, "-created_at", page)

    async def cancel(self, principal: Principal, job_id: str) -> Job:
        """Ask a job to stop. One that no worker holds ends at once; a held one at its next step.

        Cancelling again changes nothing; one that has ended, or is finishing, is a conflict.
        """
        require_scope(principal, Scope.WRITE)
        while True:
            job = await self.get(principal, job_id)
            now = self.clock.now()
            held = job.lease is not None and job.lease.expires_at > now
            if job.status is Status.CANCELLED or (held and job.cancel_requested):
                return job
            self._check_in_time(job, held)
            asked = job.changed(now, cancel_requested=True)
            if not held:
                asked = move(asked, Status.CANCELLED, now)
            try:
                job = await self.settlement.finish_soon(await self.jobs.replace(asked))
            except StaleError:
                continue
            await self.events.publish(job_event(job))
            return job

    def _check_in_time(self, job: Job, held: bool) -> None:
        if job.status in TERMINAL:
            ended = _END_WORDS[job.status]
            if self.kind is Kind.TRAIN:
                raise ConflictError(f"This training has already {ended}.")
            if self.kind is Kind.CAPTION:
                raise ConflictError(f"This auto-caption job has already {ended}.")
            raise ConflictError(f"This generation has already {ended}.")
        if held and job.status is Status.FINISHING:
            if self.kind is Kind.TRAIN:
                raise ConflictError("This training is finishing; its model arrives in a moment.")
            if self.kind is Kind.CAPTION:
                raise ConflictError("This auto-caption job is finishing; its captions are there.")
            raise ConflictError("This generation is finishing; its pictures arrive in a moment.")

    def _refuse(self) -> NotFoundError:
        if self.kind is Kind.TRAIN:
            return NotFoundError("There is no such training.")
        if self.kind is Kind.CAPTION:
            return NotFoundError("There is no such auto-caption job.")
        return NotFoundError("There is no such generation.")


_END_WORDS = {
    Status.COMPLETED: "finished",
    Status.FAILED: "failed",
    Status.CANCELLED: "been cancelled",
}
