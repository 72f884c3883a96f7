"""Recognises a drawn scene without any model, so that the tiny pipeline is judged by something it never saw."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from worker.tiny_sd.scenes import COLOURS, SHAPES, draw_mask

_TEMPLATE_PX = 40
_MIN_AREA_PX = 60
_BACKGROUND_DISTANCE = 48.0


@dataclass(frozen=True)
class Reading:
    """What a picture shows; the shape is None when nothing stands out from the background."""

    shape: str | None
    foreground: str | None
    background: str


def read_scene(image: Image.Image) -> Reading:
    """Read shape, foreground and background of a 64 px picture.

    The background is the median of the border, the foreground what differs from it, its colour
    the palette colour that most of its inner pixels are nearest to, its shape the template with
    the best intersection over union once both fill the same box.
    """
    pixels = np.asarray(image.convert("RGB"), np.float32)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = np.median(border, axis=0)
    background = _name_colours(ground[None])[0]
    mask = _find_foreground(np.linalg.norm(pixels - ground, axis=-1) > _BACKGROUND_DISTANCE)
    if mask is None:
        return Reading(None, None, background)
    inner = ndimage.binary_erosion(mask)
    colours = _name_colours(pixels[inner if inner.sum() >= 20 else mask])
    votes = {name: colours.count(name) for name in COLOURS if name != background}
    return Reading(_name_shape(mask), max(votes, key=lambda name: votes[name]), background)


def _find_foreground(different: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_] | None:
    """Find the largest connected part of what differs from the background."""
    labels, count = ndimage.label(ndimage.binary_closing(different))
    if count == 0:
        return None
    areas = ndimage.sum_labels(np.ones(labels.shape), labels, range(1, count + 1))
    largest = int(np.argmax(areas)) + 1
    if areas[largest - 1] < _MIN_AREA_PX:
        return None
    found: npt.NDArray[np.bool_] = labels == largest
    return found


def _name_colours(pixels: npt.NDArray[np.float32]) -> list[str]:
    """Name the nearest palette colour of each pixel, [N, 3] -> N names; shades count as their colour."""
    names, anchors = _list_anchors()
    distances = np.linalg.norm(pixels[:, None] - anchors[None], axis=-1)
    return [names[index] for index in distances.argmin(axis=1)]


@lru_cache(maxsize=1)
def _list_anchors() -> tuple[list[str], npt.NDArray[np.float32]]:
    """List each colour and the darker or lighter shade that textures give it."""
    names: list[str] = []
    anchors: list[npt.NDArray[np.float32]] = []
    for name, colour in COLOURS.items():
        base = np.asarray(colour, np.float32)
        shade = base * 0.75 + 64 if base.max() < 60 else base * np.float32(0.68)
        for anchor in (base, shade):
            names.append(name)
            anchors.append(anchor)
    return names, np.stack(anchors)


def _name_shape(mask: npt.NDArray[np.bool_]) -> str:
    cropped = _fit(mask)
    scores = {}
    for shape, template in _list_templates().items():
        union = np.logical_or(cropped, template).sum()
        scores[shape] = np.logical_and(cropped, template).sum() / union
    return max(scores, key=lambda shape: scores[shape])


@lru_cache(maxsize=1)
def _list_templates() -> dict[str, npt.NDArray[np.bool_]]:
    return {shape: _fit(np.asarray(draw_mask(shape, (32.0, 32.0), 24.0)) > 127) for shape in SHAPES}


def _fit(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Crop a mask to its box and scale it to the template's size."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scaled = Image.fromarray(part.astype(np.uint8) * 255).resize(
        (_TEMPLATE_PX, _TEMPLATE_PX), Image.Resampling.BILINEAR
    )
    return np.asarray(scaled) > 127
