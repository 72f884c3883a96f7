"""One claim of a training job, from the lease to its end or its way back to the queue."""

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConflictError, LeaseLostError, TrainingError, TrainyardError
from core.jobs.records import Failure, Job, Sample
from core.studio import Studio
from worker.files import (
    delete_leftovers,
    delete_old_checkpoints,
    fetch_checkpoints,
    fetch_images,
    fetch_start,
    store_checkpoint,
    store_files,
)
from worker.held_job import HeldJob
from worker.messages import (
    EXIT_DONE,
    CheckpointLine,
    DoneLine,
    FailedLine,
    Line,
    SampleLine,
    StageLine,
    StepLine,
    TrainingTask,
    ValidationLine,
    get_progress,
)
from worker.signing import describe_origin, sign_files
from worker.supervisor import Child

_log = logging.getLogger(__name__)
_TICK_S = 0.4


@dataclass(frozen=True)
class Workplace:
    """Where and how patiently a worker works."""

    folder: Path
    lease_s: float = 90
    checkpoint_every_s: float = 30
    drain_s: float = 60
    silence_s: float = 1800
    """A child that gets nowhere for this long hangs: it is killed and the job tried again."""
    cache: Path | None = None
    """Where children keep what they compute of pictures and captions; None: it ends with the job."""
    cache_bytes: int = 10 * 1024**3


class Attempt:
    """Trains one claimed job in one child; each write carries the lease, so a late one is refused."""

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
        self._folder = place.folder / job.id / f"a{job.token}"
        self._prefix = f"jobs/{job.id}/a{job.token}"
        self._heard_s = time.monotonic()
        self._stop_s: float | None = None
        self._check = asyncio.Event()
        self._task: TrainingTask | None = None
        self._done: DoneLine | None = None
        self._got_to: tuple[object, ...] = ()
        self._failure: Failure | None = None

    async def run(self) -> None:
        """Train, and leave the job ended, queued again, or to whoever holds it now."""
        job_id = self._held.job.id
        try:
            async with asyncio.TaskGroup() as group:
                watchers = [group.create_task(self._watch()), group.create_task(self._listen())]
                await self._train()
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
            await self._give_up(None, type(group.exceptions[0]).__name__)
        finally:
            await self._child.kill()
            shutil.rmtree(self._place.folder / job_id, ignore_errors=True)

    async def _train(self) -> None:
        self._task = await self._prepare()
        await self._child.start(self._task)
        async for line in self._child.follow():
            if (got_to := get_progress(line)) != self._got_to:
                self._heard_s, self._got_to = time.monotonic(), got_to
            await self._take(line)
        await self._conclude(await self._child.wait())

    async def _prepare(self) -> TrainingTask:
        """Bring pictures and checkpoint, and forget losses that are to be computed anew."""
        studio, job = self._studio, self._held.job
        snapshot = await studio.snapshots.get(job.snapshot)
        images = await fetch_images(studio, snapshot, self._folder)
        found = await fetch_checkpoints(studio.blobs, job, self._folder)
        step = found[0][0] if found else 0
        await studio.losses.rewind(job.id, step)
        self._held.resume_at(step)
        return TrainingTask(
            job=job.id,
            spec=job.spec,
            images=images,
            folder=self._folder,
            checkpoint=found[0][1] if found else None,
            previous_checkpoint=found[1][1] if len(found) > 1 else None,
            checkpoint_every_s=self._place.checkpoint_every_s,
            dataset_digest=snapshot.digest,
            start_weights=await fetch_start(studio.blobs, job.spec, self._folder),
            cache=self._place.cache,
            cache_bytes=self._place.cache_bytes,
        )

    async def _take(self, line: Line) -> None:
        match line:
            case StageLine():
                await self._held.enter(line.text)
            case StepLine():
                self._held.count_step(line)
                if line.step == 1:
                    self._check.set()
            case ValidationLine():
                self._held.note_validation(line)
            case SampleLine():
                (file,) = await store_files(self._studio.blobs, self._prefix, [line.file])
                await self._held.add_sample(Sample(step=line.step, prompt=line.prompt, file=file))
            case CheckpointLine():
                await self._keep_checkpoint(line)
            case DoneLine():
                self._done = line
            case FailedLine():
                self._failure = Failure(code=line.code, message=line.message)

    async def _keep_checkpoint(self, line: CheckpointLine) -> None:
        """Upload a checkpoint, name it in the job, and delete the ones that are too old."""
        blobs, prefix = self._studio.blobs, f"{self._prefix}/checkpoints"
        checkpoint = await store_checkpoint(blobs, prefix, line.step, line.folder)
        if checkpoint is not None:
            await self._held.set_checkpoint(checkpoint)
            await delete_old_checkpoints(blobs, prefix)

    async def _watch(self) -> None:
        """Keep the lease, write progress, and see to it that a child that should stop does."""
        held = self._held
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._check.wait(), _TICK_S)
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
            await self._finish(self._done)
        elif job.cancel_requested:
            await self._end(leases.cancel(job))
        elif self._is_draining():
            released = await self._end(leases.release(job, "the worker was told to stop"))
            await self._studio.jobs.wake(released)
        else:
            _log.error("%s: child ended with %d: %s", job.id, code, self._child.read_log())
            await self._end(leases.give_back(job, f"the training process ended with {code}"))

    async def _finish(self, done: DoneLine) -> None:
        """Sign and upload the weights and end the job; a cancel that came before this still counts."""
        assert self._task is not None
        try:
            await self._held.start_finishing()
        except LeaseLostError:
            raise
        except ConflictError:
            await self._end(self._studio.leases.cancel(self._held.job))
            return
        made, signer = describe_origin(self._task, done.base_sha256), self._studio.signer
        await asyncio.to_thread(sign_files, done.files, made, signer)
        artifacts = await store_files(self._studio.blobs, self._prefix, done.files)
        await self._end(self._studio.leases.complete(self._held.job, artifacts, done.steps))

    async def _give_up(self, failure: Failure | None, note: str) -> None:
        """End or give back the job after an error, unless another worker has it by now."""
        leases, job = self._studio.leases, self._held.job
        try:
            if failure is not None:
                await self._end(leases.fail(job, failure))
            else:
                await self._end(leases.give_back(job, note))
        except TrainyardError as error:
            _log.warning("%s: left to its lease's end: %s", job.id, error)

    async def _end(self, ending: Awaitable[Job]) -> Job:
        job = await self._held.end(ending)
        await delete_leftovers(self._studio.blobs, job)
        return job
