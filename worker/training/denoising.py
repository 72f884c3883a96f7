"""One training step's mathematics: batches, noise and the weighted loss; every draw follows from (seed, step)."""

import math

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional

from worker.training.encoding import Encoded
from worker.training.settings import Settings

_STEP_PRIME = 1_000_003


def get_learning_rate(step: int, settings: Settings) -> float:
    """Get the rate of a step, counted from 0: linear warm-up, then constant or half a cosine to zero.

    Source: Loshchilov & Hutter 2017 (SGDR), one cycle; get_cosine_schedule_with_warmup of diffusers.
    """
    warmup = min(settings.lr_warmup_steps, settings.steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    if settings.lr_scheduler == "constant":
        return settings.learning_rate
    share = (step - warmup) / max(1, settings.steps - warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def choose_items(step: int, count: int, settings: Settings) -> list[int]:
    """Choose a step's pictures: epochs are permutations that follow from the seed, without gaps."""
    chosen: list[int] = []
    position = step * settings.train_batch_size
    while len(chosen) < settings.train_batch_size:
        epoch, place = divmod(position + len(chosen), count)
        generator = torch.Generator().manual_seed(settings.seed * _STEP_PRIME + epoch + 1)
        order: list[int] = torch.randperm(count, generator=generator).tolist()
        wanted = settings.train_batch_size - len(chosen)
        chosen += order[place : place + wanted]
    return chosen


def compute_loss(
    unet: UNet2DConditionModel,
    scheduler: DDIMScheduler,
    encoded: Encoded,
    step: int,
    settings: Settings,
) -> Tensor:
    """Compute one batch's noise prediction loss.

    Source: Ho et al. 2020; Hang et al. 2023 (min-SNR-gamma: min(SNR, gamma) / SNR for epsilon);
    Guttenberg 2023 (noise offset); Ho & Salimans 2022 (caption dropout).
    """
    generator = torch.Generator().manual_seed(settings.seed * _STEP_PRIME + step)
    views, count = encoded.latents.shape[:2]
    items = torch.tensor(choose_items(step, count, settings))
    size = len(items)
    clean = encoded.latents[torch.randint(views, (size,), generator=generator), items]
    dropped = torch.rand(size, generator=generator) < settings.caption_dropout
    context = encoded.contexts[torch.where(dropped, count, items)]
    noise = torch.randn(clean.shape, generator=generator)
    if settings.noise_offset:
        shift = torch.randn(size, clean.shape[1], 1, 1, generator=generator)
        noise = noise + settings.noise_offset * shift
    total = scheduler.config.num_train_timesteps
    times = torch.randint(total, (size,), generator=generator)
    device = unet.device
    noisy = scheduler.add_noise(clean, noise, times)
    predicted = unet(noisy.to(device), times.to(device), context.to(device)).sample
    error = functional.mse_loss(predicted.float(), noise.to(device), reduction="none")
    loss: Tensor = (weigh(scheduler, times, settings).to(device) * error.mean(dim=(1, 2, 3))).mean()
    return loss


def weigh(scheduler: DDIMScheduler, times: Tensor, settings: Settings) -> Tensor:
    """Weigh noise levels, timesteps [N] -> weights [N]; gamma 0 weighs all the same."""
    if not settings.min_snr_gamma:
        return torch.ones(len(times))
    kept = scheduler.alphas_cumprod[times]
    snr: Tensor = kept / (1 - kept)
    return snr.clamp(max=settings.min_snr_gamma) / snr
