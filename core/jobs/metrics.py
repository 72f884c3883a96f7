"""A job's loss history, kept in chunks so that no record grows with the training."""

import contextlib
import math
from collections.abc import Sequence

from core.errors import AlreadyExistsError, NotFoundError, StaleError
from core.jobs.records import LossChunk
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import new_id

CHUNK_POINTS = 500

LossPoint = tuple[int, float, float]
ValidationPoint = tuple[int, float]


class Losses:
    """Writes one job's history; a resumed attempt overwrites what lies behind its checkpoint."""

    def __init__(self, chunks: Documents[LossChunk], clock: Clock) -> None:
        self._chunks = chunks
        self._clock = clock

    async def rewind(self, job_id: str, step: int) -> None:
        """Forget every point after `step`."""
        async for chunk in iterate(self._chunks, {"job": job_id}, "index"):
            while chunk.points and chunk.points[-1][0] > step:
                kept = tuple(point for point in chunk.points if point[0] <= step)
                held = tuple(point for point in chunk.validation if point[0] <= step)
                now = self._clock.now()
                try:
                    if kept:
                        await self._chunks.replace(chunk.changed(now, points=kept, validation=held))
                    else:
                        await self._chunks.delete(chunk)
                    break
                except StaleError:
                    try:
                        chunk = await self._chunks.get(chunk.id)
                    except NotFoundError:
                        break

    async def append(self, job_id: str, points: Sequence[LossPoint]) -> None:
        """Add points in order of steps; ones that are already there are left out.

        So are those that are not finite, which a training that diverges makes: JSON has no NaN.
        """
        finite = [p for p in points if math.isfinite(p[1]) and math.isfinite(p[2])]
        while True:
            found = await self._chunks.find({"job": job_id}, order="-index", limit=1)
            last = found[0] if found else None
            known = last.points[-1][0] if last and last.points else -1
            fresh = [point for point in finite if point[0] > known]
            if not fresh:
                return
            with contextlib.suppress(StaleError, AlreadyExistsError):  # look again at what is there
                await self._add(job_id, last, fresh)

    async def append_validation(self, job_id: str, points: Sequence[ValidationPoint]) -> None:
        """Add losses on held-out pictures to the steps they were measured at, which are there already."""
        for point in points:
            while math.isfinite(point[1]):
                chunk = await self._find_chunk(job_id, point[0])
                if chunk is None or any(known[0] == point[0] for known in chunk.validation):
                    break
                grown = tuple(sorted((*chunk.validation, point)))
                try:
                    await self._chunks.replace(chunk.changed(self._clock.now(), validation=grown))
                except StaleError:  # look again at what is there
                    continue
                break

    async def _find_chunk(self, job_id: str, step: int) -> LossChunk | None:
        async for chunk in iterate(self._chunks, {"job": job_id}, "index"):
            if chunk.points and chunk.points[0][0] <= step <= chunk.points[-1][0]:
                return chunk
        return None

    async def _add(self, job_id: str, last: LossChunk | None, points: Sequence[LossPoint]) -> None:
        """Fill the last chunk up, or begin the next."""
        room = CHUNK_POINTS - len(last.points) if last is not None else 0
        if last is None or room <= 0:
            await self._insert(job_id, last.index + 1 if last else 0, points)
            return
        grown = (*last.points, *points[:room])
        await self._chunks.replace(last.changed(self._clock.now(), points=grown))

    async def _insert(self, job_id: str, index: int, points: Sequence[LossPoint]) -> None:
        now = self._clock.now()
        chunk = LossChunk(
            id=new_id("lc"),
            created_at=now,
            updated_at=now,
            job=job_id,
            index=index,
            points=tuple(points[:CHUNK_POINTS]),
        )
        await self._chunks.insert(chunk)
