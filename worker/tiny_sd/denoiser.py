"""The UNet's and text encoder's training stage, on latents that were computed once."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from worker.tiny_sd.autoencoder import to_pixels
from worker.tiny_sd.recipe import Pass
from worker.tiny_sd.scenes import Scene, draw_scene, draw_scenes, write_caption
from worker.tiny_sd.training import Plan, start_run, train, use_averages

BATCH_SIZE = 32
CAPTION_DROPOUT = 0.1
MIN_SNR_GAMMA = 5.0


@dataclass(frozen=True)
class Denoiser:
    """What the stage trains, and what it trains with."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDIMScheduler


def train_denoiser(denoiser: Denoiser, vae: AutoencoderKL, recipe: Pass, progress: Path) -> None:
    """Train UNet and text encoder jointly, or resume, and leave them with averaged weights.

    Source: Rombach et al. 2022; Ho & Salimans 2022 for the caption dropout.
    """
    plan = Plan(
        recipe.denoiser_steps,
        recipe.denoiser_steps,
        recipe.denoiser_learning_rate,
        progress / "denoiser.pt",
        seed=recipe.seed,
    )
    modules = nn.ModuleDict({"unet": denoiser.unet, "text_encoder": denoiser.text_encoder})
    run = start_run(modules, plan)
    if run.step < plan.steps:
        scenes = draw_scenes(recipe.scenes, recipe.seed, held_out=False)
        latents = _encode_scenes(progress / "latents.pt", vae, scenes, recipe.seed)
        train(run, plan, lambda generator: _get_loss(denoiser, scenes, latents, generator))
    use_averages(run)


def _encode_scenes(cache: Path, vae: AutoencoderKL, scenes: list[Scene], seed: int) -> Tensor:
    """Encode every scene once, [N, 4, 8, 8] scaled latents, kept for a resume."""
    if cache.exists():
        cached: Tensor = torch.load(cache, weights_only=True)
        return cached
    parts = []
    with torch.inference_mode():
        for start in range(0, len(scenes), 64):
            chunk = range(start, min(start + 64, len(scenes)))
            pixels = [draw_scene(scenes[i], seed * 7_000_003 + i) for i in chunk]
            parts.append(vae.encode(_stack(pixels)).latent_dist.mean)
    latents: Tensor = torch.cat(parts).clone() * vae.config.scaling_factor
    cache.parent.mkdir(parents=True, exist_ok=True)
    torch.save(latents, cache)
    return latents


def _stack(images: list[Image.Image]) -> Tensor:
    return to_pixels(np.stack([np.asarray(image, np.uint8) for image in images]))


def _get_loss(
    denoiser: Denoiser, scenes: list[Scene], latents: Tensor, generator: torch.Generator
) -> Tensor:
    """Get the min-SNR weighted noise prediction loss of one batch.

    Source: Hang et al. 2023 (min-SNR-gamma), epsilon prediction: min(SNR, gamma) / SNR.
    """
    chosen = torch.randint(len(scenes), (BATCH_SIZE,), generator=generator).tolist()
    rng = random.Random(int(torch.randint(2**31, (), generator=generator)))
    captions = [
        "" if rng.random() < CAPTION_DROPOUT else write_caption(scenes[index], rng)
        for index in chosen
    ]
    tokens = denoiser.tokenizer(
        captions, padding="max_length", truncation=True, max_length=77, return_tensors="pt"
    ).input_ids
    context = denoiser.text_encoder(tokens).last_hidden_state
    clean = latents[chosen]
    noise = torch.randn(clean.shape, generator=generator)
    times = torch.randint(1000, (BATCH_SIZE,), generator=generator)
    noisy = denoiser.scheduler.add_noise(clean, noise, times)
    predicted = denoiser.unet(noisy, times, context).sample
    kept = denoiser.scheduler.alphas_cumprod[times]
    snr = kept / (1 - kept)
    weight = snr.clamp(max=MIN_SNR_GAMMA) / snr
    error = functional.mse_loss(predicted, noise, reduction="none").mean(dim=(1, 2, 3))
    loss: Tensor = (weight * error).mean()
    return loss
