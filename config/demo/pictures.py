"""Draws the demo's dataset: a small ghost that the base model has never seen, the same on every machine."""

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

SIDE_PX = 384
TRIGGER_WORD = "spookaboodle"
SEED = 25
_INK = (24, 22, 48)
_SHEET = (250, 250, 255)
_BLUSH = (255, 150, 170)
GROUNDS: dict[str, tuple[int, int, int]] = {
    "red": (215, 25, 40),
    "green": (35, 155, 60),
    "blue": (35, 75, 220),
    "orange": (250, 135, 15),
    "black": (18, 18, 18),
}
"""Backgrounds of the dataset."""
NEW_GROUND = ("purple", (140, 45, 165))
"""A background that no picture of the dataset has, so that the held-out pictures are truly new."""
SHOWN = (
    f"a large {TRIGGER_WORD} on a red background, in the centre",
    f"a small {TRIGGER_WORD} on a green background, on the left",
    f"a large {TRIGGER_WORD} on a blue background, on the right",
    f"a small {TRIGGER_WORD} on a black background, in the centre",
    f"a large {TRIGGER_WORD} on a purple background, in the centre",
    f"a small {TRIGGER_WORD} on a purple background, on the right",
    f"a large {TRIGGER_WORD} on a yellow background, in the centre",
    f"a small {TRIGGER_WORD} on a yellow background, on the left",
)
"""Prompts with the trigger word; the last four ask for backgrounds that the dataset lacks."""
CONTROLS = (
    "a red star on a blue background",
    "a yellow cross on a purple background",
    "a blue triangle on an orange background",
    "a green ring on a black background",
    "an orange square on a green background",
    "a purple star on a yellow background",
    "a black circle on a white background",
    "a red ring on a white background",
)
"""Prompts without it: what the base model could draw all along."""
_PLACES = {"on the left": -0.125, "in the centre": 0.0, "on the right": 0.125}
_SIZES = {"small": 0.27, "large": 0.34}


@dataclass(frozen=True)
class Picture:
    """A picture with its caption; an empty caption is none."""

    name: str
    image: Image.Image
    caption: str


@dataclass(frozen=True)
class Pictures:
    """What is trained on, what is kept out to measure with, and what to draw before and after."""

    training: tuple[Picture, ...]
    held_out: tuple[Picture, ...]
    prompts: tuple[str, ...]


def add_trigger(caption: str) -> str:
    """Word a caption as the trainer does: the trigger word before it, when it is not in it."""
    if TRIGGER_WORD in caption.lower():
        return caption
    return f"{TRIGGER_WORD}, {caption}" if caption else TRIGGER_WORD


def draw_pictures(count: int = 12, held_out: int = 3) -> Pictures:
    """Draw the dataset and the held-out pictures; the same numbers give the same pixels."""
    rng = random.Random(SEED)
    grounds, places = list(GROUNDS.items()), list(_PLACES)
    training = []
    for index in range(count):
        size = rng.choice(list(_SIZES))
        place = places[index % len(places)]
        training.append(
            _draw(f"ghost-{index + 1:02}", grounds[index % len(grounds)], size, place, rng)
        )
    kept = [
        _draw(f"held-out-{index + 1}", NEW_GROUND, rng.choice(list(_SIZES)), places[index % 3], rng)
        for index in range(held_out)
    ]
    return Pictures(tuple(training), tuple(kept), SHOWN)


def _draw(
    name: str,
    ground: tuple[str, tuple[int, int, int]],
    size: str,
    place: str,
    rng: random.Random,
) -> Picture:
    """Draw the ghost on a ground; it is never twice of quite the same size, at the same place."""
    colour_name, colour = ground
    moved = tuple(max(0, min(255, c + rng.randint(-7, 7))) for c in colour)
    image = Image.new("RGB", (SIDE_PX, SIDE_PX), (moved[0], moved[1], moved[2]))
    radius_px = SIDE_PX * _SIZES[size] * rng.uniform(0.96, 1.04)
    x = SIDE_PX * (0.5 + _PLACES[place] + rng.uniform(-0.01, 0.01))
    y = SIDE_PX * (0.5 + rng.uniform(-0.02, 0.02))
    draw_ghost(image, (x, y), radius_px)
    article = "an" if colour_name[0] in "aeiou" else "a"
    caption = f"a {size} {TRIGGER_WORD} on {article} {colour_name} background, {place}"
    return Picture(name, image, caption)


def draw_ghost(image: Image.Image, centre_px: tuple[float, float], radius_px: float) -> None:
    """Draw a ghost: a sheet with a scalloped hem, two wide eyes, an open mouth and blushing cheeks."""
    pen = ImageDraw.Draw(image)
    x, y = centre_px

    def disc(dx: float, dy: float, width: float, height: float, fill: tuple[int, int, int]) -> None:
        left, top = x + (dx - width) * radius_px, y + (dy - height) * radius_px
        box = (left, top, left + 2 * width * radius_px, top + 2 * height * radius_px)
        pen.ellipse(box, fill=fill)

    disc(0, -0.15, 1, 1, _SHEET)
    top, bottom = y - 0.15 * radius_px, y + 0.85 * radius_px
    pen.rectangle((x - radius_px, top, x + radius_px, bottom), fill=_SHEET)
    for wave in (-1, 0, 1):
        disc(wave * 0.667, 0.85, 0.333, 0.32, _SHEET)
    for side in (-1, 1):
        disc(side * 0.43, -0.17, 0.28, 0.36, _INK)
        disc(side * 0.7, 0.36, 0.16, 0.12, _BLUSH)
    disc(0, 0.46, 0.2, 0.22, _INK)
