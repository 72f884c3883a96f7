"""Rich random drawings for the autoencoder alone, apart so that the scenes' small vocabulary stays clear of them."""

import colorsys
import itertools
import math
import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from worker.tiny_sd.scenes import (
    COLOURS,
    RESOLUTION_PX,
    SHAPES,
    SUPERSAMPLING,
    draw_mask,
    draw_scene,
    draw_scenes,
)

Colour = tuple[int, int, int]
_SIDE_PX = RESOLUTION_PX * SUPERSAMPLING


def draw_training_images(count: int, seed: int, scenes_of_three: int = 1) -> npt.NDArray[np.uint8]:
    """Draw images for the autoencoder, [N, H, W, 3]: some of three scenes, the rest rich."""
    images = np.empty((count, RESOLUTION_PX, RESOLUTION_PX, 3), np.uint8)
    scenes = draw_scenes(count, seed, held_out=False)
    for index, scene in enumerate(scenes):
        image_seed = seed * 1_000_003 + index
        is_scene = index % 3 < scenes_of_three
        image = draw_scene(scene, image_seed) if is_scene else draw_rich(image_seed)
        images[index] = np.asarray(image)
    return images


def draw_rich(seed: int) -> Image.Image:
    """Draw one random picture of overlapping shapes, faces, lines, gradients and textures."""
    rng = random.Random(seed)
    image = rng.choice(_GROUNDS)(rng)
    for _ in range(rng.randint(1, 3)):
        image = rng.choice(_SUBJECTS)(image, rng)
    if rng.random() < 0.25:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.5)))
    if rng.random() < 0.2:
        image = _add_noise(image, rng)
    return image


def draw_colour(rng: random.Random) -> Colour:
    """Draw a colour: a palette colour moved a little, any hue, or a grey."""
    kind = rng.random()
    if kind < 0.3:
        red, green, blue = (c + rng.uniform(-25, 25) for c in rng.choice(list(COLOURS.values())))
    elif kind < 0.8:
        saturation = rng.random() ** 0.5
        hue_colour = colorsys.hsv_to_rgb(rng.random(), saturation, rng.random() ** 0.5)
        red, green, blue = (255 * c for c in hue_colour)
    else:
        red = green = blue = rng.uniform(0, 255)
    return (_clip(red), _clip(green), _clip(blue))


def _clip(value: float) -> int:
    return max(0, min(255, round(value)))


def _to_image(pixels: npt.NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(np.clip(pixels.round(), 0, 255).astype(np.uint8))


def _blend(colour_a: Colour, colour_b: Colour, share: npt.NDArray[np.float32]) -> Image.Image:
    """Blend two colours by a share of the second, [H, W] in [0, 1]."""
    first, second = np.asarray(colour_a, np.float32), np.asarray(colour_b, np.float32)
    return _to_image(first + share[..., None] * (second - first))


def _draw_flat(rng: random.Random) -> Image.Image:
    return Image.new("RGB", (RESOLUTION_PX, RESOLUTION_PX), draw_colour(rng))


def _draw_gradient(rng: random.Random) -> Image.Image:
    turn = rng.uniform(0, 2 * math.pi)
    axis = np.linspace(-1, 1, RESOLUTION_PX, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    if rng.random() < 0.3:
        share = np.hypot(x - rng.uniform(-1, 1), y - rng.uniform(-1, 1)) / 2
    else:
        share = (x * math.cos(turn) + y * math.sin(turn)) / 2.4 + 0.5
    return _blend(draw_colour(rng), draw_colour(rng), np.clip(share, 0, 1).astype(np.float32))


def _draw_cloud(rng: random.Random) -> Image.Image:
    """Draw a soft texture: coarse noise, enlarged smoothly."""
    cells = rng.choice((3, 5, 9, 17))
    noise = np.random.default_rng(rng.getrandbits(32)).random((cells, cells), np.float32)
    size_px = (RESOLUTION_PX, RESOLUTION_PX)
    grown = Image.fromarray(noise, "F").resize(size_px, Image.Resampling.BICUBIC)
    return _blend(draw_colour(rng), draw_colour(rng), np.clip(np.asarray(grown), 0, 1))


def _draw_stripes(rng: random.Random) -> Image.Image:
    turn, period_px = rng.uniform(0, math.pi), rng.uniform(5, 24)
    axis = np.arange(RESOLUTION_PX, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    wave = np.sin((x * math.cos(turn) + y * math.sin(turn)) * 2 * math.pi / period_px)
    if rng.random() < 0.4:
        wave = wave * np.sin((x * math.sin(turn) - y * math.cos(turn)) * 2 * math.pi / period_px)
    share = np.clip(wave * rng.choice((1.0, 4.0)) / 2 + 0.5, 0, 1)
    return _blend(draw_colour(rng), draw_colour(rng), share.astype(np.float32))


def _add_noise(image: Image.Image, rng: random.Random) -> Image.Image:
    noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(4, 18), image.size)
    return _to_image(np.asarray(image, np.float32) + noise[..., None].astype(np.float32))


def _add_shapes(image: Image.Image, rng: random.Random) -> Image.Image:
    for _ in range(rng.randint(1, 4)):
        centre_px = (rng.uniform(4, 60), rng.uniform(4, 60))
        mask = draw_mask(rng.choice(SHAPES), centre_px, rng.uniform(4, 26))
        if rng.random() < 0.5:
            mask = mask.rotate(rng.uniform(0, 360), Image.Resampling.BILINEAR, center=centre_px)
        fill = rng.choice(_GROUNDS)(rng) if rng.random() < 0.35 else _draw_flat(rng)
        image = Image.composite(fill, image, mask)
    return image


def _paint(
    image: Image.Image, paint: Callable[[ImageDraw.ImageDraw], None], colour: Colour
) -> Image.Image:
    """Paint with a pen on a supersampled mask, then fill the mask with the colour."""
    mask = Image.new("L", (_SIDE_PX, _SIDE_PX), 0)
    paint(ImageDraw.Draw(mask))
    return Image.composite(Image.new("RGB", image.size, colour), image, mask.reduce(SUPERSAMPLING))


def _add_lines(image: Image.Image, rng: random.Random) -> Image.Image:
    def paint(pen: ImageDraw.ImageDraw) -> None:
        points = [(rng.uniform(0, _SIDE_PX), rng.uniform(0, _SIDE_PX)) for _ in range(4)]
        width = rng.randint(4, 28)
        for start, end in itertools.pairwise(points):
            pen.line((*start, *end), fill=255, width=width)

    return _paint(image, paint, draw_colour(rng))


def _add_blob(image: Image.Image, rng: random.Random) -> Image.Image:
    def paint(pen: ImageDraw.ImageDraw) -> None:
        corners = rng.randint(3, 9)
        x, y = rng.uniform(0.2, 0.8) * _SIDE_PX, rng.uniform(0.2, 0.8) * _SIDE_PX
        points = []
        for corner in range(corners):
            turn, reach = 2 * math.pi * corner / corners, rng.uniform(0.08, 0.42) * _SIDE_PX
            points.append((x + reach * math.cos(turn), y + reach * math.sin(turn)))
        pen.polygon(points, fill=255)

    return _paint(image, paint, draw_colour(rng))


def _add_face(image: Image.Image, rng: random.Random) -> Image.Image:
    """Add a head, two ears, two eyes with pupils, and a mouth."""
    head = rng.uniform(0.18, 0.42) * _SIDE_PX
    x, y = rng.uniform(0.35, 0.65) * _SIDE_PX, rng.uniform(0.4, 0.65) * _SIDE_PX
    skin, eye, pupil, mouth = (draw_colour(rng) for _ in range(4))
    gap, ear = head * rng.uniform(0.3, 0.5), head * rng.uniform(0.2, 0.5)

    def disc(pen: ImageDraw.ImageDraw, dx: float, dy: float, radius: float) -> None:
        box = (x + dx - radius, y + dy - radius, x + dx + radius, y + dy + radius)
        pen.ellipse(box, fill=255)

    def paint_head(pen: ImageDraw.ImageDraw) -> None:
        disc(pen, 0, 0, head)
        for side in (-1, 1):
            disc(pen, side * head * 0.75, -head * 0.75, ear)

    def paint_eyes(pen: ImageDraw.ImageDraw) -> None:
        for side in (-1, 1):
            disc(pen, side * gap, -head * 0.2, head * 0.22)

    def paint_pupils(pen: ImageDraw.ImageDraw) -> None:
        for side in (-1, 1):
            disc(pen, side * gap, -head * 0.2, head * 0.1)

    def paint_mouth(pen: ImageDraw.ImageDraw) -> None:
        box = (x - head * 0.5, y - head * 0.1, x + head * 0.5, y + head * 0.6)
        pen.arc(box, 20, 160, fill=255, width=max(2, int(head * 0.12)))

    image = _paint(image, paint_head, skin)
    image = _paint(image, paint_eyes, eye)
    image = _paint(image, paint_pupils, pupil)
    return _paint(image, paint_mouth, mouth)


_GROUNDS: tuple[Callable[[random.Random], Image.Image], ...] = (
    _draw_flat,
    _draw_flat,
    _draw_gradient,
    _draw_cloud,
    _draw_stripes,
)
_SUBJECTS: tuple[Callable[[Image.Image, random.Random], Image.Image], ...] = (
    _add_shapes,
    _add_shapes,
    _add_lines,
    _add_blob,
    _add_face,
)
