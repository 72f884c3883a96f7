"""The world the tiny model knows: drawn scenes, their captions, and which are held out of training."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

RESOLUTION_PX = 64
SUPERSAMPLING = 4
HELD_OUT_EVERY = 6

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (215, 25, 40),
    "green": (35, 155, 60),
    "blue": (35, 75, 220),
    "yellow": (252, 228, 60),
    "purple": (140, 45, 165),
    "orange": (250, 135, 15),
    "white": (245, 245, 245),
    "black": (18, 18, 18),
}
SHAPES: tuple[str, ...] = ("circle", "square", "triangle", "star", "cross", "ring")
RADII_PX: dict[str, tuple[float, float]] = {
    "small": (11.0, 12.5),
    "medium": (15.0, 17.0),
    "large": (21.0, 24.0),
}
POSITIONS: dict[str, tuple[int, int]] = {
    "left": (-1, 0),
    "right": (1, 0),
    "top": (0, -1),
    "bottom": (0, 1),
    "centre": (0, 0),
}
TEXTURES: tuple[str, ...] = ("plain", "striped", "dotted")

_PLACES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "at the left", "on the left side"),
    "right": ("on the right", "at the right", "on the right side"),
    "top": ("at the top", "near the top"),
    "bottom": ("at the bottom", "near the bottom"),
    "centre": ("in the centre", "in the middle", "at the centre"),
}
_PREFIXES = ("", "", "", "", "a picture of ", "a drawing of ", "an image of ")
_GROUNDS = (
    "{subject} on {bg_article} {bg} background{place}",
    "{subject} on {bg_article} {bg} background{place}",
    "{subject} on {bg}{place}",
    "{subject} against {bg_article} {bg} background{place}",
    "{subject}{place}, {bg} background",
)
_OFFSET_PX = 17.0
_COLOUR_JITTER = 7


@dataclass(frozen=True)
class Scene:
    """One scene: every field is a word of the vocabulary."""

    shape: str
    foreground: str
    background: str
    size: str = "medium"
    position: str = "centre"
    texture: str = "plain"


def is_held_out(shape: str, foreground: str, background: str) -> bool:
    """Say whether a combination is kept out of training.

    The rule is a Latin pattern: about one combination in six is held out, and every pair of
    shape and foreground, shape and background, foreground and background is still trained on.
    """
    names = list(COLOURS)
    code = SHAPES.index(shape) - names.index(foreground) + names.index(background)
    return code % HELD_OUT_EVERY == 0


def list_combinations(*, held_out: bool) -> list[tuple[str, str, str]]:
    """List (shape, foreground, background) on one side of the hold-out rule."""
    return [
        (shape, foreground, background)
        for shape in SHAPES
        for foreground in COLOURS
        for background in COLOURS
        if foreground != background and is_held_out(shape, foreground, background) == held_out
    ]


def draw_scenes(count: int, seed: int, *, held_out: bool) -> list[Scene]:
    """Draw random scenes from one side of the hold-out rule; the same seed gives the same scenes."""
    rng = random.Random(seed)
    combinations = list_combinations(held_out=held_out)
    return [
        Scene(
            *rng.choice(combinations),
            size=rng.choice(list(RADII_PX)),
            position=rng.choice(list(POSITIONS)),
            texture=rng.choice(TEXTURES),
        )
        for _ in range(count)
    ]


def write_caption(scene: Scene, rng: random.Random) -> str:
    """Word a scene; shape and both colours are always named, the rest mostly."""
    adjectives = []
    if rng.random() < 0.7:
        adjectives.append(scene.size)
    if rng.random() < (0.3 if scene.texture == "plain" else 0.85):
        adjectives.append(scene.texture)
    adjectives.append(scene.foreground)
    place = f", {rng.choice(_PLACES[scene.position])}" if rng.random() < 0.7 else ""
    if place and rng.random() < 0.3:
        place = place.removeprefix(",")
    caption = rng.choice(_GROUNDS).format(
        subject=f"{_article(adjectives[0])} {' '.join(adjectives)} {scene.shape}",
        bg_article=_article(scene.background),
        bg=scene.background,
        place=place,
    )
    return rng.choice(_PREFIXES) + caption


def list_words() -> list[str]:
    """List every word that captions can contain, in a fixed order."""
    texts: list[str] = [*COLOURS, *SHAPES, *RADII_PX, *POSITIONS, *TEXTURES, *_PREFIXES, "a an"]
    texts += [place for places in _PLACES.values() for place in places]
    texts += [
        g.format(subject="", bg_article="", bg="", place="").replace(",", "") for g in _GROUNDS
    ]
    return list(dict.fromkeys(word for text in texts for word in text.split()))


def draw_mask(shape: str, centre_px: tuple[float, float], radius_px: float) -> Image.Image:
    """Draw a shape as an antialiased mask, 8-bit, RESOLUTION_PX square, 255 inside."""
    side_px = RESOLUTION_PX * SUPERSAMPLING
    mask = Image.new("L", (side_px, side_px), 0)
    pen = ImageDraw.Draw(mask)
    x, y, r = (v * SUPERSAMPLING for v in (*centre_px, radius_px))
    if shape in ("circle", "ring"):
        pen.ellipse((x - r, y - r, x + r, y + r), fill=255)
        if shape == "ring":
            hole = r * 0.55
            pen.ellipse((x - hole, y - hole, x + hole, y + hole), fill=0)
    else:
        pen.polygon([(x + r * u, y + r * v) for u, v in get_outline(shape)], fill=255)
    return mask.reduce(SUPERSAMPLING)


def get_outline(shape: str) -> Sequence[tuple[float, float]]:
    """Get a polygon's corners in units of its radius, y downwards."""
    if shape == "square":
        return [(-0.88, -0.88), (0.88, -0.88), (0.88, 0.88), (-0.88, 0.88)]
    if shape == "triangle":
        return [(0.0, -1.0), (1.0, 0.8), (-1.0, 0.8)]
    if shape == "star":
        points = range(10)
        radii = [1.1 if i % 2 == 0 else 0.46 for i in points]
        turns = [math.pi * i / 5 for i in points]
        return [(r * math.sin(a), -r * math.cos(a)) for r, a in zip(radii, turns, strict=True)]
    if shape == "cross":
        arm, end = 0.32, 1.0
        quarter = [(-arm, -end), (arm, -end), (arm, -arm)]
        corners: list[tuple[float, float]] = []
        for _ in range(4):
            corners += quarter
            quarter = [(-y, x) for x, y in quarter]
        return corners
    raise ValueError(f"no outline for {shape!r}")


def draw_scene(scene: Scene, seed: int) -> Image.Image:
    """Draw a scene in RGB; the seed moves size, place and colours a little."""
    rng = random.Random(seed)
    radius_px = rng.uniform(*RADII_PX[scene.size])
    reach_px = min(_OFFSET_PX, RESOLUTION_PX / 2 - 1 - 1.1 * radius_px)
    step_x, step_y = POSITIONS[scene.position]
    middle_px = RESOLUTION_PX / 2
    centre_px = (
        middle_px + step_x * reach_px + rng.uniform(-1, 1),
        middle_px + step_y * reach_px + rng.uniform(-1, 1),
    )
    mask = np.asarray(draw_mask(scene.shape, centre_px, radius_px), np.float32)[..., None] / 255
    colour = _jitter(COLOURS[scene.foreground], rng)
    fill = _draw_texture(scene.texture, rng)[..., None] * (_shade(colour) - colour) + colour
    ground = _jitter(COLOURS[scene.background], rng)
    pixels = ground + mask * (fill - ground)
    return Image.fromarray(np.clip(pixels.round(), 0, 255).astype(np.uint8))


def _draw_texture(texture: str, rng: random.Random) -> npt.NDArray[np.float32]:
    """Draw how far each pixel goes from the colour (0) to its shade (1), [H, W]."""
    side_px = RESOLUTION_PX * SUPERSAMPLING
    canvas = Image.new("L", (side_px, side_px), 0)
    pen = ImageDraw.Draw(canvas)
    period_px = 8 * SUPERSAMPLING
    phase_px = rng.randrange(period_px)
    starts = range(phase_px - period_px, side_px, period_px)
    if texture == "striped":
        for start in starts:
            pen.rectangle((0, start, side_px, start + period_px // 2 - 1), fill=255)
    if texture == "dotted":
        dot_px = period_px * 0.6
        for x in starts:
            for y in starts:
                pen.ellipse((x, y, x + dot_px, y + dot_px), fill=255)
    share: npt.NDArray[np.float32] = np.asarray(canvas.reduce(SUPERSAMPLING), np.float32)
    return share / np.float32(255)


def _jitter(colour: tuple[int, int, int], rng: random.Random) -> npt.NDArray[np.float32]:
    moved = [c + rng.uniform(-_COLOUR_JITTER, _COLOUR_JITTER) for c in colour]
    return np.asarray(moved, np.float32)


def _shade(colour: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Darken a colour, or lighten it where it is black, and stay nearest to its own name."""
    if colour.max() < 60:
        return np.asarray(colour * 0.75 + 255 * 0.25, np.float32)
    return np.asarray(colour * 0.68, np.float32)


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
