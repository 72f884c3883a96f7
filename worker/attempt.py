"""One claim of a training job, from the lease to its end or its way back to the queue."""

import asyncio
from pathlib import Path

from core.jobs.records import Checkpoint, Failure, Sample
from worker.claimed import Attempt
from worker.files import fetch_checkpoint, fetch_images, store_files
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

_KEPT_CHECKPOINTS = 2


class TrainingAttempt(Attempt):
    """Trains one claimed job in one child."""

    async def _prepare(self) -> TrainingTask:
        """Bring pictures and checkpoint, and forget losses that are to be computed anew."""
        studio, job = self._studio, self._held.job
        snapshot = await studio.snapshots.get(job.snapshot)
        images = await fetch_images(studio, snapshot, self._folder)
        found: list[tuple[int, Path]] = []
        for checkpoint in (job.checkpoint, job.previous_checkpoint):
            if checkpoint is not None:
                place = await fetch_checkpoint(studio.blobs, checkpoint, self._folder)
                found += [(checkpoint.step, place)] if place is not None else []
        step = found[0][0] if found else 0
        await studio.losses.rewind(job.id, step)
        self._held.resume_at(step)
        return TrainingTask(
            job=job.id,
            spec=job.training,
            images=images,
            folder=self._folder,
            checkpoint=found[0][1] if found else None,
            previous_checkpoint=found[1][1] if len(found) > 1 else None,
            checkpoint_every_s=self._place.checkpoint_every_s,
            dataset_digest=snapshot.digest,
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
        try:
            saved = await asyncio.to_thread(lambda: sorted(line.folder.iterdir()))
            files = await store_files(blobs, f"{prefix}/{line.step:07d}", saved)
        except FileNotFoundError:  # the upload was so slow that the child has newer ones by now
            return
        await self._held.set_checkpoint(Checkpoint(step=line.step, files=files))
        keys = [key async for key in blobs.list(f"{prefix}/")]
        steps = sorted({key.removeprefix(prefix).split("/")[1] for key in keys})
        for key in keys:
            if key.removeprefix(prefix).split("/")[1] in steps[:-_KEPT_CHECKPOINTS]:
                await blobs.delete(key)

    async def _finish(self) -> None:
        """Upload the weights and end the job; a cancel that came before this still counts."""
        assert isinstance(self._done, DoneLine)
        if not await self._start_finishing():
            return
        artifacts = await store_files(self._studio.blobs, self._prefix, self._done.files)
        await self._end(self._studio.leases.complete(self._held.job, artifacts, self._done.steps))
