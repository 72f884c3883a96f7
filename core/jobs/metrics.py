"""A job's loss history, kept in chunks so that no record grows with the training."""

from collections.abc import Sequence

from core.errors import AlreadyExistsError
from core.jobs.records import LossChunk
from core.ports import Clock, Documents
from core.records import new_id

CHUNK_POINTS = 500

LossPoint = tuple[int, float, float]


class Losses:
    """Writes one job's history; a resumed attempt overwrites what lies behind its checkpoint."""

    def __init__(self, chunks: Documents[LossChunk], clock: Clock) -> None:
        self._chunks = chunks
        self._clock = clock

    async def rewind(self, job_id: str, step: int) -> None:
        """Forget every point after `step`."""
        for chunk in await self._chunks.find({"job": job_id}, order="index"):
            kept = tuple(point for point in chunk.points if point[0] <= step)
            if len(kept) == len(chunk.points):
                continue
            if kept:
                await self._chunks.replace(chunk.changed(self._clock.now(), points=kept))
            else:
                await self._chunks.delete(chunk)

    async def append(self, job_id: str, points: Sequence[LossPoint]) -> None:
        """Add points in order of steps; ones that are already there are left out."""
        found = await self._chunks.find({"job": job_id}, order="-index", limit=1)
        last = found[0] if found else None
        known = last.points[-1][0] if last and last.points else -1
        fresh = [point for point in points if point[0] > known]
        while fresh:
            if last is not None and len(last.points) < CHUNK_POINTS:
                room = CHUNK_POINTS - len(last.points)
                grown = (*last.points, *fresh[:room])
                last = await self._chunks.replace(last.changed(self._clock.now(), points=grown))
                fresh = fresh[room:]
            else:
                last = await self._insert(job_id, last.index + 1 if last else 0, fresh)
                fresh = fresh[CHUNK_POINTS:]

    async def _insert(self, job_id: str, index: int, points: Sequence[LossPoint]) -> LossChunk:
        now = self._clock.now()
        chunk = LossChunk(
            id=new_id("lc"),
            created_at=now,
            updated_at=now,
            job=job_id,
            index=index,
            points=tuple(points[:CHUNK_POINTS]),
        )
        try:
            return await self._chunks.insert(chunk)
        except AlreadyExistsError:  # the attempt before this one was writing still
            found = await self._chunks.find({"job": job_id, "index": index}, limit=1)
            return found[0]
