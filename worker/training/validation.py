"""Held-out pictures and the loss on them, at noise and timesteps that never change."""

import torch

from core.datasets.epochs import choose_held_out
from worker.base_models import LoadedBase
from worker.training.batches import make_batch
from worker.training.denoising import compute_error
from worker.training.encoding import Encoded
from worker.training.seeds import make_generator
from worker.training.settings import Settings

TIMESTEPS = 4
_POSITION = 1 << 40
"""Far from every position that a training step counts."""


def hold_out(encoded: Encoded, settings: Settings) -> tuple[Encoded, Encoded]:
    """Part what is trained on from what the loss is measured on; what a method added is never held out."""
    own = [i for i, picture in enumerate(encoded.pictures) if picture.is_own]
    places = choose_held_out(len(own), settings.validation_share, settings.seed)
    held = {own[place] for place in places}
    trained = [index for index in range(len(encoded.pictures)) if index not in held]
    return encoded.take(trained), encoded.take(sorted(held))


@torch.no_grad()
def measure_validation(base: LoadedBase, held_out: Encoded, seed: int) -> float:
    """Measure the mean error of held-out pictures at the middles of TIMESTEPS equal parts.

    Fixed noise and evenly spaced timesteps leave the model as the only difference between two
    measurements. Source: Ho et al. 2020 (the simple loss, without weights).
    """
    total = base.scheduler.config.num_train_timesteps
    times = torch.tensor([int((part + 0.5) * total / TIMESTEPS) for part in range(TIMESTEPS)])
    errors = []
    for index, (picture, views) in enumerate(zip(held_out.pictures, held_out.latents, strict=True)):
        clean = views[0].expand(TIMESTEPS, -1, -1, -1)
        generator = make_generator(seed, _POSITION + 1 + index)
        noise = torch.randn(clean.shape, generator=generator)
        texts = [held_out.texts[picture.texts[0]]] * TIMESTEPS
        batch = make_batch(held_out, [index] * TIMESTEPS, (clean, noise, times), texts)
        errors.append(compute_error(base, batch).mean())
    return float(torch.stack(errors).mean())
