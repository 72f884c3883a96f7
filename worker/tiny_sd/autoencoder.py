"""The autoencoder's training stage, apart because the UNet's stage only needs what it leaves behind."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from worker.tiny_sd.drawings import draw_training_images
from worker.tiny_sd.recipe import Pass
from worker.tiny_sd.training import Plan, start_run, train, use_averages

IMAGES = 24_000
BATCH_SIZE = 16
KL_WEIGHT = 1e-6


def to_pixels(images: npt.NDArray[np.uint8]) -> Tensor:
    """Turn 8-bit images [N, H, W, 3] into pixels [N, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def train_autoencoder(vae: AutoencoderKL, recipe: Pass, progress: Path) -> None:
    """Train the autoencoder, or resume it, and leave it with its averaged weights.

    Source: Rombach et al. 2022 (a slightly KL-regularised autoencoder); no adversary here.
    """
    plan = Plan(
        recipe.autoencoder_steps,
        recipe.autoencoder_schedule_steps,
        1.5e-3,
        progress / "autoencoder.pt",
        average_decay=0.995,
        seed=recipe.seed,
    )
    run = start_run(nn.ModuleDict({"vae": vae}), plan)
    if run.step < plan.steps:
        images = draw_training_images(IMAGES, recipe.seed, recipe.scenes_of_three)
        train(run, plan, lambda generator: _get_loss(vae, images, recipe.detail_share, generator))
    use_averages(run)
    vae.requires_grad_(False).eval()
    vae.register_to_config(scaling_factor=measure_scaling_factor(vae, recipe.seed))


def _get_loss(
    vae: AutoencoderKL,
    images: npt.NDArray[np.uint8],
    detail_share: float,
    generator: torch.Generator,
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
    fine = weigh_details(pixels, detail_share) * (error.abs() + error.square())
    loss: Tensor = fine.mean() + coarse + KL_WEIGHT * kl
    return loss


def weigh_details(pixels: Tensor, detail_share: float) -> Tensor:
    """Weigh each pixel, mean 1 where there are details: [N, 3, H, W] -> [N, 1, H, W].

    `detail_share` of an image's weight goes to where it differs from its own blur, so that the
    corners of a small shape count as much as its wide background.
    """
    blurred = functional.avg_pool2d(pixels, 5, stride=1, padding=2, count_include_pad=False)
    details = (pixels - blurred).abs().mean(dim=1, keepdim=True)
    mean = details.mean(dim=(2, 3), keepdim=True).clamp(min=0.01)
    return 1 - detail_share + detail_share * details / mean


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
