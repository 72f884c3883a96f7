"""The autoencoder's training stage, apart because the UNet's stage only needs what it leaves behind."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from worker.tiny_sd.drawings import draw_training_images
from worker.tiny_sd.networks import create_autoencoder
from worker.tiny_sd.training import Plan, start_run, train, use_averages

IMAGES = 24_000
BATCH_SIZE = 16
KL_WEIGHT = 1e-6


def to_pixels(images: npt.NDArray[np.uint8]) -> Tensor:
    """Turn 8-bit images [N, H, W, 3] into pixels [N, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def train_autoencoder(out: Path, steps: int, seed: int) -> AutoencoderKL:
    """Train the autoencoder, or resume it, and return it with its averaged weights.

    Source: Rombach et al. 2022 (a slightly KL-regularised autoencoder); no adversary here.
    """
    torch.manual_seed(seed)
    vae = create_autoencoder()
    plan = Plan(steps, 1.5e-3, out / "progress" / "autoencoder.pt", average_decay=0.995, seed=seed)
    run = start_run(nn.ModuleDict({"vae": vae}), plan)
    if run.step < plan.steps:
        images = draw_training_images(IMAGES, seed)
        train(run, plan, lambda generator: _get_loss(vae, images, generator))
    use_averages(run)
    vae.requires_grad_(False).eval()
    vae.register_to_config(scaling_factor=measure_scaling_factor(vae, seed))
    return vae


def _get_loss(
    vae: AutoencoderKL, images: npt.NDArray[np.uint8], generator: torch.Generator
) -> Tensor:
    """Get the loss of one batch; the coarse term keeps large areas at their true colour."""
    chosen = torch.randint(len(images), (BATCH_SIZE,), generator=generator).numpy()
    pixels = to_pixels(images[chosen])
    if torch.rand((), generator=generator) < 0.5:
        pixels = pixels.flip(-1)
    if torch.rand((), generator=generator) < 0.3:
        pixels = pixels[:, torch.randperm(3, generator=generator)]
    with torch.autocast("cpu", torch.bfloat16):
        posterior = vae.encode(pixels).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator)
        drawn = vae.decode(posterior.mean + posterior.std * noise).sample
    drawn, mean, variance = drawn.float(), posterior.mean.float(), posterior.var.float()
    error = drawn - pixels
    kl = 0.5 * (mean.square() + variance - 1 - variance.log()).sum() / pixels.numel()
    coarse = functional.avg_pool2d(error, 4).abs().mean()
    loss: Tensor = error.abs().mean() + error.square().mean() + coarse + KL_WEIGHT * kl
    return loss


def encode_in_batches(vae: AutoencoderKL, images: npt.NDArray[np.uint8]) -> Tensor:
    """Encode images to unscaled latents, the posterior's mean, [N, 4, 8, 8]."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), 64):
            parts.append(vae.encode(to_pixels(images[start : start + 64])).latent_dist.mean)
    return torch.cat(parts).clone()


def measure_scaling_factor(vae: AutoencoderKL, seed: int) -> float:
    """Measure the factor that brings latents to unit variance, over a thousand images.

    Source: Rombach et al. 2022, appendix G (latents rescaled by their standard deviation).
    """
    latents = encode_in_batches(vae, draw_training_images(1000, seed + 1))
    return round(1 / float(latents.std()), 5)
