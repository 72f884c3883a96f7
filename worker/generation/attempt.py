"""One claim of a generation, from the lease to its pictures or its way back to the queue."""

from core.jobs.records import Failure, Picture
from worker.claimed import Attempt
from worker.files import fetch_loras, store_files
from worker.messages import (
    DrawLine,
    DrawnLine,
    FailedLine,
    GenerationTask,
    Line,
    PictureLine,
    StageLine,
)


class GenerationAttempt(Attempt):
    """Draws one claimed generation; what an earlier attempt has drawn stays."""

    async def _prepare(self) -> GenerationTask:
        job = self._held.job
        known = {picture.index for picture in job.pictures}
        self._held.resume_at(len(known) * job.generation.steps)
        return GenerationTask(
            job=job.id,
            spec=job.generation,
            loras=await fetch_loras(self._studio.blobs, job.generation, self._folder),
            indexes=tuple(i for i in range(job.generation.count) if i not in known),
            folder=self._folder,
        )

    async def _take(self, line: Line) -> None:
        match line:
            case StageLine():
                await self._held.enter(line.text)
            case DrawLine():
                self._held.note_drawing(self._count_drawn() + line.step)
            case PictureLine():
                (file,) = await store_files(self._studio.blobs, self._prefix, [line.file])
                seed = self._held.job.generation.seed + line.index
                await self._held.add_picture(Picture(index=line.index, seed=seed, file=file))
                self._held.note_drawing(self._count_drawn())
                self._check.set()
            case DrawnLine():
                self._done = line
            case FailedLine():
                self._failure = Failure(code=line.code, message=line.message)

    def _count_drawn(self) -> int:
        """Count the steps of the pictures that are ready."""
        return len(self._held.job.pictures) * self._held.job.generation.steps

    async def _finish(self) -> None:
        if await self._start_finishing():
            await self._end(self._studio.leases.complete(self._held.job, ()))
