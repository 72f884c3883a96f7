"""The saga of a submission: pending job -> hold -> queued -> wake-up; apart because crashes and twins meet in it."""

import contextlib
import logging

from core.correlation import get_request_id
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    RefusedError,
    StaleError,
    UnavailableError,
)
from core.jobs.events import job_event
from core.jobs.records import Job, Status
from core.jobs.transitions import move
from core.points.service import Points
from core.ports import Clock, Documents, Events, Wakeups

_log = logging.getLogger(__name__)
_MAX_KEY_CHARACTERS = 200
_MAX_RACES = 5


class Submission:
    """Takes new jobs into the queue; its steps are idempotent, and hold or refusal decides each once.

    Several may work on one pending job: the same key sent twice, a retry after a crash, the
    sweeper. Only the ledger says which way it goes: with a hold the job is queued by whoever gets
    there first; without one it is deleted only after the hold was refused for good. So no hold is
    ever left without its job.
    """

    def __init__(
        self,
        jobs: Documents[Job],
        points: Points,
        wakeups: Wakeups,
        events: Events,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._points = points
        self._wakeups = wakeups
        self._events = events
        self._clock = clock

    async def find(self, owner: str, key: str, request_sha256: str) -> Job | None:
        """Return the job that this key made. Raises InvalidError, or ConflictError when it asked for another."""
        if not 1 <= len(key) <= _MAX_KEY_CHARACTERS or not key.isprintable():
            raise InvalidError("Send an Idempotency-Key of 1 to 200 printable characters.")
        found = await self._jobs.find({"owner": owner, "idempotency_key": key}, limit=1)
        if found and found[0].request_sha256 != request_sha256:
            raise ConflictError("This Idempotency-Key was used for something else; take a new one.")
        return found[0] if found else None

    async def repeat(self, owner: str, key: str, request_sha256: str) -> Job | None:
        """Return the job that this key made, taken on from wherever it stopped; raises as `find` and `advance`."""
        job = await self.find(owner, key, request_sha256)
        return None if job is None else await self.advance(job)

    async def enter(self, job: Job) -> Job:
        """Store a new pending job and take it through; a twin's job with the same key stands for it.

        Raises InsufficientPointsError before anything is stored.
        """
        await self._points.check_covers(job.owner, job.quote.points)
        for _ in range(_MAX_RACES):
            try:
                named = job.model_copy(update={"request": get_request_id()})
                return await self.advance(await self._jobs.insert(named))
            except AlreadyExistsError:
                twin = await self.repeat(job.owner, job.idempotency_key, job.request_sha256)
                if twin is not None:
                    return twin
        raise UnavailableError("This is being submitted already; try again in a moment.")

    async def advance(self, job: Job) -> Job:
        """Take a pending job through hold and queue; repeating it is harmless, and others are left alone.

        Raises what the hold was refused for; then the job is gone and nothing was charged.
        """
        if job.status is not Status.PENDING:
            return job
        try:
            await self._points.hold(job.owner, job.id, job.quote.points, job.note)
        except (RefusedError, UnavailableError):
            if await self._withdraw(job):
                raise
        except ConflictError as error:
            if await self._withdraw(job):
                raise UnavailableError(
                    "This submission was given up meanwhile. Nothing was charged; try again."
                ) from error
        return await self._queue(job)

    async def resolve(self, job: Job) -> Job | None:
        """End a submission that stopped half-way: queued when its points are held, else withdrawn.

        Nobody was told that it succeeded, so no points are taken for it behind anyone's back.
        """
        return None if await self._withdraw(job) else await self._queue(job)

    async def wake(self, job: Job) -> None:
        """Nudge a worker; when that fails the sweeper does it later."""
        try:
            await self._wakeups.wake(job.id, job.attempts, job.kind)
        except UnavailableError as error:
            _log.warning("wake-up of %s is left to the sweeper: %s", job.id, error)

    async def _queue(self, job: Job) -> Job:
        try:
            job = await self._jobs.replace(move(job, Status.QUEUED, self._clock.now()))
            _log.info("%s: queued", job.id)
        except StaleError:  # a twin queued it; held jobs are never deleted
            return await self._jobs.get(job.id)
        await self.wake(job)
        await self._events.publish(job_event(job))
        return job

    async def _withdraw(self, job: Job) -> bool:
        """Refuse the hold and delete the job; False when the points are held after all."""
        if await self._points.refuse_hold(job.owner, job.id) is not None:
            return False
        with contextlib.suppress(StaleError):
            await self._jobs.delete(job)
        return True
