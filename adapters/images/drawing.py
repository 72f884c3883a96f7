"""What a sandbox draws: contact sheets and curves, in one dark style that suits every chat.

Pillow alone: a chart library builds a font cache in a home folder, and a sandbox has none.
"""

import io
import json
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from adapters.images.decoding import FORMATS

TILE_PX = 160
GAP_PX = 8
LABEL_PX = 18
CURVE_SIZE_PX = (640, 240)
MARGIN_PX = 56
_GROUND = "#1e1f24"
_EMPTY = "#2c2e36"
_TEXT = "#d5d8e0"
_GRID = "#3a3d47"
_LINE = "#f2a65a"


def draw(asked: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Draw what the header asks for; return (facts, picture)."""
    is_sheet = asked["draw"] == "sheet"
    picture = draw_sheet(asked["tiles"], body) if is_sheet else draw_curve(json.loads(body))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    facts = {
        "content_type": "image/png",
        "width_px": picture.width,
        "height_px": picture.height,
    }
    return {"facts": facts}, buffer.getvalue()


def draw_sheet(tiles: list[tuple[int, str]], body: bytes) -> Image.Image:
    """Lay pictures out in rows of at most six, or in a square-ish block when they are few."""
    columns = min(6, max(1, round(len(tiles) ** 0.5 + 0.4)))
    rows = -(-len(tiles) // columns)
    step_x, step_y = TILE_PX + GAP_PX, TILE_PX + LABEL_PX + GAP_PX
    size = (columns * step_x + GAP_PX, rows * step_y + GAP_PX)
    sheet = Image.new("RGB", size, _GROUND)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    start = 0
    for index, (length, label) in enumerate(tiles):
        left = GAP_PX + index % columns * step_x
        top = GAP_PX + index // columns * step_y
        pen.rectangle((left, top, left + TILE_PX - 1, top + TILE_PX - 1), fill=_EMPTY)
        tile = _open_tile(body[start : start + length])
        start += length
        if tile is not None:
            place = (left + (TILE_PX - tile.width) // 2, top + (TILE_PX - tile.height) // 2)
            sheet.paste(tile, place)
        middle = left + TILE_PX // 2
        pen.text((middle, top + TILE_PX + 3), label, fill=_TEXT, font=font, anchor="ma")
    return sheet


def _open_tile(body: bytes) -> Image.Image | None:
    """Open one picture and fit it into a tile, small ones enlarged; None when it cannot be read."""
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as image:
            picture = image.convert("RGB")
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None
    scale = TILE_PX / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    way = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    return picture.resize(size, way)


def draw_curve(points: list[tuple[float, float]]) -> Image.Image:
    """Draw (x, y) points as a line, with the ends of both axes in numbers."""
    width, height = CURVE_SIZE_PX
    picture = Image.new("RGB", CURVE_SIZE_PX, _GROUND)
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    span_x, span_y = (max(xs) - min(xs)) or 1.0, (max(ys) - min(ys)) or 1.0
    right, bottom = width - 16, height - 28
    for quarter in range(5):
        level = 16 + (bottom - 16) * quarter / 4
        pen.line((MARGIN_PX, level, right, level), fill=_GRID)
        value = max(ys) - span_y * quarter / 4
        pen.text((MARGIN_PX - 6, level), f"{value:.2g}", fill=_TEXT, font=font, anchor="rm")
    line = [
        (
            MARGIN_PX + (x - min(xs)) / span_x * (right - MARGIN_PX),
            bottom - (y - min(ys)) / span_y * (bottom - 16),
        )
        for x, y in points
    ]
    pen.line(line, fill=_LINE, width=2, joint="curve")
    pen.text((MARGIN_PX, bottom + 6), f"{min(xs):g}", fill=_TEXT, font=font, anchor="la")
    pen.text((right, bottom + 6), f"{max(xs):g}", fill=_TEXT, font=font, anchor="ra")
    return picture
