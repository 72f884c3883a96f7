"""One claim of a training job, from the lease to its end or its way back to the queue."""

import asyncio

from core.jobs.records import Failure, Sample
from worker.claimed import Attempt
from worker.files import (
    delete_old_checkpoints,
    fetch_checkpoints,
    fetch_images,
    fetch_start,
    store_checkpoint,
    store_files,
)
from worker.messages import (
    CheckpointLine,
    DoneLine,
    FailedLine,
    Line,
    SampleLine,
    StageLine,
    StepLine,
    TrainingTask,
    ValidationLine,
)
from worker.signing import describe_origin, sign_files


class TrainingAttempt(Attempt):
    """Trains one claimed job in one child."""

    _task: TrainingTask | None = None

    async def _prepare(self) -> TrainingTask:
        """Bring pictures and checkpoint, and forget losses that are to be computed anew."""
        studio, job = self._studio, self._held.job
        snapshot = await studio.snapshots.get(job.snapshot)
        images = await fetch_images(studio, snapshot, self._folder)
        found = await fetch_checkpoints(studio.blobs, job, self._folder)
        step = found[0][0] if found else 0
        await studio.losses.rewind(job.id, step)
        self._held.resume_at(step)
        self._task = TrainingTask(
            job=job.id,
            spec=job.training,
            images=images,
            folder=self._folder,
            checkpoint=found[0][1] if found else None,
            previous_checkpoint=found[1][1] if len(found) > 1 else None,
            checkpoint_every_s=self._place.checkpoint_every_s,
            dataset_digest=snapshot.digest,
            start_weights=await fetch_start(studio.blobs, job.training, self._folder),
            cache=self._place.cache,
            cache_bytes=self._place.cache_bytes,
        )
        return self._task

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

    async def _finish(self) -> None:
        """Sign and upload the weights and end the job; a cancel that came before this still counts."""
        done, task = self._done, self._task
        assert isinstance(done, DoneLine) and task is not None
        if not await self._start_finishing():
            return
        made, signer = describe_origin(task, done.base_sha256), self._studio.signer
        await asyncio.to_thread(sign_files, done.files, made, signer)
        artifacts = await store_files(self._studio.blobs, self._prefix, done.files)
        await self._end(self._studio.leases.complete(self._held.job, artifacts, done.steps))
