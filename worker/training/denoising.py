"""One batch's loss: the noise prediction error, weighed by noise level and by picture."""

import torch
from diffusers import DDIMScheduler
from torch import Tensor
from torch.nn import functional

from worker.base_models import LoadedBase
from worker.training.batches import Batch
from worker.training.conditioning import predict
from worker.training.settings import Settings


def compute_loss(base: LoadedBase, batch: Batch, settings: Settings) -> Tensor:
    """Compute the sum of a batch's losses, one a picture; whoever adds batches up divides.

    Source: Ho et al. 2020; Salimans & Ho 2022 for a base model that predicts velocity.
    """
    error = compute_error(base, batch)
    weights = weigh(base.scheduler, batch.times, settings) * batch.weights
    return (weights.to(error.device) * error).sum()


def compute_error(base: LoadedBase, batch: Batch) -> Tensor:
    """Compute each picture's mean squared error, [N]."""
    scheduler = base.scheduler
    noisy = scheduler.add_noise(batch.clean, batch.noise, batch.times)
    target = batch.noise
    if scheduler.config.prediction_type == "v_prediction":
        target = scheduler.get_velocity(batch.clean, batch.noise, batch.times)
    predicted = predict(base, noisy, batch.times, batch.given)
    error = functional.mse_loss(predicted, target.to(predicted.device), reduction="none")
    return error.mean(dim=(1, 2, 3))


def weigh(scheduler: DDIMScheduler, times: Tensor, settings: Settings) -> Tensor:
    """Weigh noise levels, timesteps [N] -> weights [N]; gamma 0 weighs all the same.

    Source: Hang et al. 2023, min-SNR-gamma: min(SNR, gamma) / SNR for noise, / (SNR + 1) for velocity.
    """
    if not settings.min_snr_gamma:
        return torch.ones(len(times))
    kept = scheduler.alphas_cumprod[times]
    snr: Tensor = kept / (1 - kept)
    is_velocity = scheduler.config.prediction_type == "v_prediction"
    return snr.clamp(max=settings.min_snr_gamma) / (snr + 1 if is_velocity else snr)
