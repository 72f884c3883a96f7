"""Pictures into pixels: scaled and cropped to their bucket; apart so that the recipe reads as steps."""

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core.datasets.buckets import Size, find_bucket
from core.errors import TrainingError

_FORMATS = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True)
class Picture:
    """One picture to train on, before anything is computed from it."""

    file: Path
    sha256: str
    size: Size
    """As it is stored."""
    bucket: Size
    """As it is trained."""
    texts: tuple[str, ...]
    """Its caption, and what else it may be called by: shuffled variants; one is chosen each time."""
    repeats: int = 1
    """How often each epoch has it."""
    weight: float = 1.0
    """Of its loss; a regularisation picture may count less."""
    is_own: bool = True
    """Whether it is of the person's dataset; what a method adds is never held out."""
    views: tuple[Tensor, ...] = field(default=(), compare=False, repr=False)
    """Its latents where they are known already, [4, H/8, W/8] each; then there is no file."""

    @property
    def time_ids(self) -> tuple[int, ...]:
        """Say what SDXL is told of a picture: original size, crop's corner and target size, (y, x) each.

        Source: Podell et al. 2023, section 2.2; `_get_add_time_ids` of diffusers' SDXL pipeline.
        """
        (width, height), (to_width, to_height) = self.size, self.bucket
        scale = max(to_width / width, to_height / height)
        top, left = (height * scale - to_height) / 2, (width * scale - to_width) / 2
        return (height, width, max(0, round(top)), max(0, round(left)), to_height, to_width)


def read_picture(file: Path, texts: tuple[str, ...], resolution_px: int, step_px: int) -> Picture:
    """Read a picture's size and hash, and find its bucket. Raises TrainingError (`invalid_data`)."""
    try:
        body = file.read_bytes()
        with Image.open(io.BytesIO(body), formats=_FORMATS) as image:
            size = Size(*image.size)
    except OSError as error:
        raise _unreadable() from error
    bucket = find_bucket(size, resolution_px, step_px)
    return Picture(file, hashlib.sha256(body).hexdigest(), size, bucket, texts)


def load_pixels(file: Path, resolution_px: int) -> Tensor:
    """Load a picture as a square of pixels, [3, H, W] in [-1, 1], cropped around its centre."""
    return load_cropped(file, Size(resolution_px, resolution_px))


def load_cropped(file: Path, size: Size) -> Tensor:
    """Load a picture as pixels, [3, H, W] in [-1, 1], scaled to cover a size and cropped around its centre.

    Raises TrainingError when the stored picture cannot be read.
    """
    try:
        with Image.open(file, formats=_FORMATS) as image:
            cropped = ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS)
    except OSError as error:
        raise _unreadable() from error
    values = torch.from_numpy(np.asarray(cropped, np.uint8).copy())
    return values.permute(2, 0, 1).float() / 127.5 - 1


def _unreadable() -> TrainingError:
    return TrainingError(
        "A picture of the dataset could not be read; remove it and submit again.",
        code="invalid_data",
    )
