"""Pictures that Trainyard draws for people: contact sheets of datasets and models, and loss curves."""

import itertools
from collections.abc import Sequence

from core.accounts.records import Principal
from core.datasets.intake import read_capped
from core.datasets.records import Item
from core.errors import NotFoundError
from core.jobs.records import Sample
from core.jobs.service import Jobs
from core.ports import Blobs, Drawings, DrawnPicture, SheetTile

SHEET_TILES = 24
MAX_CURVE_POINTS = 400
_MAX_TILE_BYTES = 8 * 1024**2


class Pictures:
    """Draws what words cannot show."""

    def __init__(self, jobs: Jobs, blobs: Blobs, drawings: Drawings) -> None:
        self._jobs = jobs
        self._blobs = blobs
        self._drawings = drawings

    async def draw_items(self, items: Sequence[Item], first: int = 1) -> DrawnPicture | None:
        """Draw the thumbnails of items that the caller was shown, numbered from `first`; None for none."""
        shown = enumerate(items[:SHEET_TILES], first)
        tiles = [await self._make_tile(item.thumbnail_key, str(number)) for number, item in shown]
        return await self._draw_tiles([tile for tile in tiles if tile is not None])

    async def draw_samples(self, samples: Sequence[Sample]) -> DrawnPicture | None:
        """Draw a training's latest samples beside one another; None when there are none."""
        tiles = []
        for sample in samples[-SHEET_TILES:]:
            tiles.append(await self._make_tile(sample.file.key, f"{sample.step}"))
        return await self._draw_tiles([tile for tile in tiles if tile is not None])

    async def draw_losses(self, principal: Principal, job_id: str) -> DrawnPicture | None:
        """Draw a training's loss over its steps; None before there are two points."""
        losses = await self._jobs.list_losses(principal, job_id)
        if len(losses) < 2:
            return None
        points = thin_out([(float(step), loss) for step, loss, _ in losses], MAX_CURVE_POINTS)
        return await self._drawings.draw_curve(points)

    async def _make_tile(self, key: str, label: str) -> SheetTile | None:
        """Read one picture; None when it was removed meanwhile."""
        try:
            body = await read_capped(self._blobs.read(key), _MAX_TILE_BYTES)
        except NotFoundError:
            return None
        return SheetTile(body=body, label=label)

    async def _draw_tiles(self, tiles: Sequence[SheetTile]) -> DrawnPicture | None:
        return await self._drawings.draw_sheet(tiles) if tiles else None


def thin_out(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Average neighbours until at most `most` points are left; their order stays."""
    if len(points) <= most:
        return list(points)
    cuts = [round(index * len(points) / most) for index in range(most + 1)]
    runs = [points[start:stop] for start, stop in itertools.pairwise(cuts)]
    return [(run[-1][0], sum(value for _, value in run) / len(run)) for run in runs if run]
