"""Pictures of one specification: each from its own seed, in batches that halve when memory runs out."""

import gc
from collections.abc import Callable, Iterator, Sequence

import torch
from PIL import Image

from core.errors import TrainingError
from core.generations.records import GenerationSpec
from worker.base_models import LoadedBase
from worker.training.guards import is_out_of_memory
from worker.training.sampling import Way, decode, draw


def draw_pictures(
    base: LoadedBase,
    spec: GenerationSpec,
    indexes: Sequence[int],
    batch_size: int,
    tell: Callable[[int], None],
) -> Iterator[tuple[int, Image.Image]]:
    """Yield pictures with their indexes, in order; `tell` gets the steps since the last batch, and may raise.

    On a CPU the batch is one picture, so that the same record gives the same bytes, whatever is
    drawn beside it. Raises TrainingError (`out_of_memory`, `image_nan`).
    """
    left = list(indexes)
    while left:
        part = left[:batch_size]
        try:
            drawn = _draw(base, spec, part, tell)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if batch_size == 1:
                raise _too_large() from error
            batch_size = max(1, len(part) // 2)
        else:
            yield from zip(part, drawn, strict=True)
            left = left[len(part) :]
            continue
        gc.collect()  # outside the except block: the error held on to what the batch had allocated
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def _draw(
    base: LoadedBase, spec: GenerationSpec, part: Sequence[int], tell: Callable[[int], None]
) -> list[Image.Image]:
    step = 0

    def check() -> None:
        nonlocal step
        tell(step * len(part))
        step += 1

    way = Way(
        width_px=spec.width_px,
        height_px=spec.height_px,
        steps=spec.steps,
        guidance_scale=spec.guidance_scale,
        seeds=tuple(spec.seed + index for index in part),
        negative_prompt=spec.negative_prompt,
    )
    latents = draw(base, [spec.prompt] * len(part), way, check)
    if not bool(torch.isfinite(latents).all()):
        raise TrainingError(
            "The picture stopped being one: a LoRA's weight or the guidance is most likely too "
            "high. Lower it and try again; all points were returned.",
            code="image_nan",
        )
    return decode(base, latents)


def _too_large() -> TrainingError:
    return TrainingError(
        "The worker ran out of memory on a single picture. Make it smaller; all points were "
        "returned.",
        code="out_of_memory",
    )
