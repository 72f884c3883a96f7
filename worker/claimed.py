"""One claim of a job of any kind: its child is followed, its lease kept, and its end written.

Apart from what is done in it: worker/attempt.py trains, worker/generation draws, worker/captioning writes captions.
"""

import asyncio
import contextlib
import errno
import logging
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from core.errors import (
    ConflictError,
    DamagedError,
    LeaseLostError,
    TrainingError,
    TrainyardError,
    UnavailableError,
)
from core.jobs.records import Failure, Job
from core.studio import Studio
from worker.files import delete_leftovers
from worker.held_job import HeldJob
from worker.messages import (
    EXIT_DONE,
    CaptionedLine,
    DoneLine,
    DrawnLine,
    Line,
    Task,
    get_progress,
)
from worker.supervisor import Child
from worker.workplace import Workplace

_log = logging.getLogger(__name__)
_TICK_S = 0.4


class Attempt(ABC):
    """Does one claimed job in one child; each write carries the lease, so a late one is refused."""

    def __init__(
        self,
        studio: Studio,
        job: Job,
        child: Child,
        place: Workplace,
        is_draining: Callable[[], bool],
    ) -> None:
        self._studio = studio
        self._held = HeldJob(studio, job)
        self._child = child
        self._place = place
        self._is_draining = is_draining
        self._token = job.token
        self._folder = place.folder / job.id / f"a{job.token}"
        self._prefix = f"jobs/{job.id}/a{job.token}"
        self._heard_s = time.monotonic()
        self._stop_s: float | None = None
        self._check = asyncio.Event()
        self._done: DoneLine | DrawnLine | CaptionedLine | None = None
        self._got_to: tuple[object, ...] = ()
        self._failure: Failure | None = None
        self.met_outage = False
        """Whether it broke because a store or the disk could not be used, which is no fault of the job's."""

    async def run(self) -> None:
        """Do it, and leave the job ended, queued again, or to whoever holds it now."""
        job_id = self._held.job.id
        try:
            async with asyncio.TaskGroup() as group:
                watchers = [group.create_task(self._watch()), group.create_task(self._listen())]
                await self._work()
                for watcher in watchers:
                    watcher.cancel()
        except* LeaseLostError:
            _log.warning("%s: the lease was lost, another worker has it now", job_id)
        except* TrainingError as group:
            error = group.exceptions[0]
            assert isinstance(error, TrainingError)
            await self._give_up(Failure(code=error.code, message=error.message), "")
        except* Exception as group:  # the worker's one door for errors
            _log.error("%s: the attempt broke", job_id, exc_info=group)
            self.met_outage = all(map(_is_outage, group.exceptions))
            await self._give_up(None, type(group.exceptions[0]).__name__)
        finally:
            if not self.leaves_child:
                await self._child.discard()
            self._clear()

    @property
    def leaves_child(self) -> bool:
        """Whether the child waits for another task, with all that it has loaded."""
        is_waiting = isinstance(self._done, DrawnLine) and self._stop_s is None
        return is_waiting and self._child.is_alive

    def _clear(self) -> None:
        """Remove this attempt's files and those that died; a later one may be at work in the same place."""
        place = self._place.folder / self._held.job.id
        for folder in place.glob("a*"):
            if int(folder.name[1:]) <= self._token:
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):  # gone, or another's
            place.rmdir()

    async def _work(self) -> None:
        await self._child.start(await self._prepare())
        async with contextlib.aclosing(self._child.follow()) as lines:
            async for line in lines:
                if (got_to := get_progress(line)) != self._got_to:
                    self._heard_s, self._got_to = time.monotonic(), got_to
                await self._take(line)
                if isinstance(self._done, DrawnLine):
                    return await self._conclude(EXIT_DONE)
        return await self._conclude(await self._child.wait())

    @abstractmethod
    async def _prepare(self) -> Task:
        """Bring what the child needs."""

    @abstractmethod
    async def _take(self, line: Line) -> None:
        """Take what the child says: `_done` when all is done, `_failure` when it cannot be."""

    @abstractmethod
    async def _finish(self) -> None:
        """End a job that is done; a cancel that came before this still counts."""

    async def _watch(self) -> None:
        """Keep the lease, write progress, and see to it that a child that should stop does."""
        held = self._held
        while True:
            with contextlib.suppress(TimeoutError):  # `wait_for` may lose a cancellation
                async with asyncio.timeout(_TICK_S):
                    await self._check.wait()
            if self._check.is_set() or held.is_dirty or held.silent_s > self._place.lease_s / 6:
                self._check.clear()
                await held.write()
            now_s = time.monotonic()
            if self._stop_s is None and (held.job.cancel_requested or self._is_draining()):
                self._stop_s = now_s
                self._child.stop()
            if now_s - self._heard_s > self._place.silence_s:
                _log.error("%s: the child has been silent too long", held.job.id)
                await self._child.kill()
            if self._stop_s is not None and now_s - self._stop_s > self._place.drain_s:
                await self._child.kill()

    async def _listen(self) -> None:
        """Notice a cancel at once; should the news be lost, the next write notices it."""
        job = self._held.job
        async with self._studio.events.subscribe(f"account:{job.owner}") as events:
            async for event in events:
                if event.data.get("id") == job.id and event.data.get("cancel_requested"):
                    self._check.set()

    async def _conclude(self, code: int) -> None:
        """Draw the conclusion from how the child ended."""
        await self._held.write()
        leases, job = self._studio.leases, self._held.job
        if self._failure is not None:
            await self._end(leases.fail(job, self._failure))
        elif code == EXIT_DONE and self._done is not None:
            await self._finish()
        elif job.cancel_requested:
            await self._end(leases.cancel(job))
        elif self._is_draining():
            released = await self._end(leases.release(job, "the worker was told to stop"))
            await self._studio.jobs.wake(released)
        else:
            _log.error("%s: child ended with %d: %s", job.id, code, self._child.read_log())
            await self._end(leases.give_back(job, f"the training process ended with {code}"))

    async def _start_finishing(self) -> bool:
        """Say that the work is over; False when a cancel came before, and the job has ended by it."""
        try:
            await self._held.start_finishing()
        except LeaseLostError:
            raise
        except ConflictError:
            await self._end(self._studio.leases.cancel(self._held.job))
            return False
        return True

    async def _give_up(self, failure: Failure | None, note: str) -> None:
        """End or give back the job after an error, unless another worker has it by now.

        An outage costs the job no attempt: a worker with a full disk would fail every job there is.
        """
        leases, job = self._studio.leases, self._held.job
        try:
            if failure is not None:
                await self._end(leases.fail(job, failure))
            elif self.met_outage:
                await self._end(leases.release(job, note))
            else:
                await self._end(leases.give_back(job, note))
        except TrainyardError as error:
            _log.warning("%s: left to its lease's end: %s", job.id, error)

    async def _end(self, ending: Awaitable[Job]) -> Job:
        job = await self._held.end(ending)
        await delete_leftovers(self._studio.blobs, job)
        return job


def _is_outage(error: BaseException) -> bool:
    """Tell whether the place is at fault and not the job: a store that cannot be reached, or a full disk."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(error, UnavailableError) and not isinstance(error, DamagedError)
