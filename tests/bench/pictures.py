"""Pictures to measure with, the same on every machine: photographs in all but subject, drawings, small ones."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

LARGE_PX = (4000, 3000)
MEDIUM_PX = (1632, 1224)
DRAWING_PX = (1024, 1024)


def make_mixture(seed: int, large: int) -> list[bytes]:
    """Make what people upload: 12-megapixel photographs, twice as many of 2 megapixels, some drawings."""
    rng = np.random.default_rng(seed)
    photographs = [make_photograph(LARGE_PX, rng) for _ in range(large)]
    photographs += [make_photograph(MEDIUM_PX, rng) for _ in range(2 * large)]
    return photographs + [make_drawing(rng) for _ in range(large)]


def make_photograph(size_px: tuple[int, int], rng: np.random.Generator, quality: int = 90) -> bytes:
    """Make a JPEG with detail at every scale, as photographs have, and a sensor's noise."""
    width, height = size_px
    values = np.full((height, width, 3), 128, np.float32)
    for cells, strength in ((4, 90.0), (16, 50.0), (64, 30.0), (256, 15.0)):
        coarse = rng.uniform(-1, 1, (cells * height // width + 1, cells, 3)).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(coarse[:, :, channel]).resize(size_px, Image.Resampling.BICUBIC)
            values[:, :, channel] += strength * np.asarray(layer)
    values += rng.normal(0, 3, (height, width, 1)).astype(np.float32)
    return _encode(Image.fromarray(values.clip(0, 255).astype(np.uint8)), "JPEG", quality=quality)


def make_drawing(rng: np.random.Generator) -> bytes:
    """Make a PNG of soft-edged shapes."""
    picture = Image.new("RGB", DRAWING_PX, tuple(int(c) for c in rng.integers(0, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y = (int(value) for value in rng.integers(0, DRAWING_PX[0], 2))
        size = int(rng.integers(20, 300))
        pen.ellipse((x, y, x + size, y + size), fill=tuple(int(c) for c in rng.integers(0, 256, 3)))
    return _encode(picture.filter(ImageFilter.GaussianBlur(1.5)), "PNG")


def make_small(count: int, seed: int) -> list[bytes]:
    """Make JPEGs of 512 px, each another one, quickly: one photograph, moved on a little each time."""
    rng = np.random.default_rng(seed)
    with Image.open(io.BytesIO(make_photograph((512, 512), rng))) as picture:
        values = np.asarray(picture)
    wide = values.shape[1]
    moves = [(index, 7 * index + index // wide) for index in range(count)]
    return [
        _encode(Image.fromarray(np.roll(values, move, (0, 1))), "JPEG", quality=90)
        for move in moves
    ]


def _encode(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()
