"""One claim of an auto-caption job, from the lease to its last caption or its way back to the queue."""

from core.jobs.records import Failure
from worker.claimed import Attempt
from worker.files import fetch_images
from worker.messages import (
    CaptionedLine,
    CaptionLine,
    CaptionTask,
    FailedLine,
    Line,
    StageLine,
)


class CaptionAttempt(Attempt):
    """Captions one claimed job's pictures in their order; an earlier attempt's captions stay."""

    async def _prepare(self) -> CaptionTask:
        studio, job = self._studio, self._held.job
        snapshot = await studio.snapshots.get(job.snapshot)
        self._items = tuple(item.item for item in snapshot.items)
        self._held.resume_at(job.steps_done)
        return CaptionTask(
            job=job.id,
            spec=job.captioning,
            images=await fetch_images(studio, snapshot, self._folder),
            start=job.looked_at,
            folder=self._folder,
        )

    async def _take(self, line: Line) -> None:
        match line:
            case StageLine():
                await self._held.enter(line.text)
            case CaptionLine():
                await self._held.write_caption(line.index, self._items[line.index], line.text)
            case CaptionedLine():
                self._done = line
            case FailedLine():
                self._failure = Failure(code=line.code, message=line.message)

    async def _finish(self) -> None:
        if await self._start_finishing():
            job = self._held.job
            await self._end(self._studio.leases.complete(job, (), job.steps_done))
