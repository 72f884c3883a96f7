"""Pictures into pixels: cropped to the training square; apart so that the recipe reads as steps."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core.errors import TrainingError


def load_pixels(file: Path, resolution_px: int) -> Tensor:
    """Load a picture as pixels, [3, H, W] in [-1, 1], scaled and cropped around its centre.

    Raises TrainingError when the stored picture cannot be read.
    """
    try:
        with Image.open(file, formats=("JPEG", "PNG", "WEBP")) as image:
            square = ImageOps.fit(
                image.convert("RGB"), (resolution_px, resolution_px), Image.Resampling.LANCZOS
            )
    except OSError as error:
        raise TrainingError(
            "A picture of the dataset could not be read; remove it and submit again.",
            code="invalid_data",
        ) from error
    values = torch.from_numpy(np.asarray(square, np.uint8).copy())
    return values.permute(2, 0, 1).float() / 127.5 - 1
