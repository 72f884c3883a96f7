"""Contact sheets and curves, drawn in a sandbox from whatever is stored."""

import io

from PIL import Image

from adapters.images.drawing import LABEL_PX, TILE_PX
from core.pictures import thin_out
from core.ports import SheetTile
from tests.core.yard import Yard
from tests.worker.people import draw_flag

_STEP = (TILE_PX + 8, TILE_PX + LABEL_PX + 8)


def open_picture(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as image:
        return image.convert("RGB")


async def test_a_sheet_shows_every_tile_and_leaves_a_broken_one_empty(yard: Yard) -> None:
    drawings = yard.studio.pictures._drawings
    tiles = [SheetTile(body=draw_flag(n), label=str(n)) for n in range(5)]
    tiles[2] = SheetTile(body=b"no picture", label="broken")
    drawn = await drawings.draw_sheet(tiles)
    sheet = open_picture(drawn.body)
    assert sheet.size == (drawn.width_px, drawn.height_px) == (3 * _STEP[0] + 8, 2 * _STEP[1] + 8)
    colours = set()
    for index in range(5):
        middle = (8 + index % 3 * _STEP[0] + 40, 8 + index // 3 * _STEP[1] + 3)
        colours.add(sheet.getpixel(middle))
    assert len(colours) == 5
    assert sheet.getpixel((8 + 2 * _STEP[0] + 80, 90)) == (44, 46, 54)


async def test_a_sheet_has_at_most_24_tiles_and_one_is_enough(yard: Yard) -> None:
    drawings = yard.studio.pictures._drawings
    tile = SheetTile(body=draw_flag(1), label="a label that is far too long for its place")
    many = await drawings.draw_sheet([tile] * 30)
    assert (many.width_px, many.height_px) == (5 * _STEP[0] + 8, 5 * _STEP[1] + 8)
    one = await drawings.draw_sheet([tile])
    assert (one.width_px, one.height_px) == (_STEP[0] + 8, _STEP[1] + 8)


async def test_a_curve_falls_where_the_loss_falls(yard: Yard) -> None:
    drawings = yard.studio.pictures._drawings
    drawn = await drawings.draw_curve([(float(x), 10.0 - x) for x in range(10)])
    picture = open_picture(drawn.body)
    line = (242, 166, 90)
    heights = []
    for x in (120, 400, 600):
        column = [y for y in range(picture.height) if picture.getpixel((x, y)) == line]
        heights.append(min(column))
    assert heights == sorted(heights) and heights[0] < heights[-1]
    flat = await drawings.draw_curve([(0.0, 1.0), (1.0, 1.0)])
    assert flat.width_px == 640


async def test_nothing_to_draw_is_nothing(yard: Yard) -> None:
    assert await yard.studio.pictures.draw_items([]) is None
    assert await yard.studio.pictures.draw_samples([]) is None
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    assert await yard.studio.pictures.draw_losses(mira, job.id) is None
    await yard.studio.losses.append(job.id, [(1, 0.5, 0.1), (2, 0.4, 0.1)])
    assert await yard.studio.pictures.draw_losses(mira, job.id) is not None


def test_many_points_are_averaged_and_few_are_kept() -> None:
    points = [(float(x), float(x % 2)) for x in range(1000)]
    thin = thin_out(points, 100)
    assert len(thin) == 100 and all(value == 0.5 for _, value in thin)
    assert thin[-1][0] == 999 and thin_out(points[:5], 100) == points[:5]
