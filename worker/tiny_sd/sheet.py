"""Lays pictures out under their prompts, apart because it is for people's eyes and judges nothing."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

_PICTURE_PX = 128
_CELL_WIDTH_PX = 148
_CELL_HEIGHT_PX = 204
_LINE_LETTERS = 23
_RIGHT_INK, _WRONG_INK = "#202020", "#c00000"


@dataclass(frozen=True)
class Sample:
    """A picture, what was asked for, and whether the check read that in it."""

    picture: Image.Image
    prompt: str
    right: bool


def make_sheet(samples: Sequence[Sample], columns: int = 8) -> Image.Image:
    """Lay samples out in rows, twice their size; a prompt is red where the check read otherwise.

    The result has a palette of 256 colours, which keeps a sheet of 40 below 200 kB.
    """
    rows = -(-len(samples) // columns)
    sheet = Image.new("RGB", (columns * _CELL_WIDTH_PX, rows * _CELL_HEIGHT_PX), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=11)
    for index, sample in enumerate(samples):
        x = index % columns * _CELL_WIDTH_PX + (_CELL_WIDTH_PX - _PICTURE_PX) // 2
        y = index // columns * _CELL_HEIGHT_PX + 6
        enlarged = sample.picture.resize((_PICTURE_PX, _PICTURE_PX), Image.Resampling.NEAREST)
        sheet.paste(enlarged, (x, y))
        text = textwrap.fill(sample.prompt, _LINE_LETTERS)
        ink = _RIGHT_INK if sample.right else _WRONG_INK
        pen.multiline_text((x, y + _PICTURE_PX + 3), text, fill=ink, font=font, spacing=1)
    return sheet.quantize(256, kmeans=1, dither=Image.Dither.NONE)
