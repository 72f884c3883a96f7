"""Pictures at fixed seeds: samples, so that two steps of a training can be compared, and what people ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from worker.base_models import LoadedBase
from worker.training.conditioning import encode_tokens, predict, tokenize


@dataclass(frozen=True)
class Way:
    """How pictures are drawn; sizes are multiples of 8, and there is a seed for each picture."""

    width_px: int
    height_px: int
    steps: int
    guidance_scale: float
    seeds: tuple[int, ...]
    negative_prompt: str = ""


@torch.inference_mode()
def draw_samples(
    base: LoadedBase, prompts: Sequence[str], way: tuple[int, int], check: Callable[[], None]
) -> list[Image.Image]:
    """Draw one picture a prompt, see `draw_latents`."""
    return decode(base, draw_latents(base, prompts, way, check))


def draw_latents(
    base: LoadedBase, prompts: Sequence[str], way: tuple[int, int], check: Callable[[], None]
) -> Tensor:
    """Draw scaled latents [N, 4, H/8, W/8] in the family's usual way; the n-th prompt has seed + n.

    `way` is the side in pixels and the seed; `check` is called before each step, and may raise.
    """
    side_px = way[0] // 8 * 8
    usual = Way(
        width_px=side_px,
        height_px=side_px,
        steps=base.family.sample_steps,
        guidance_scale=base.family.guidance_scale,
        seeds=tuple(way[1] + index for index in range(len(prompts))),
    )
    return draw(base, prompts, usual, check)


@torch.inference_mode()
def draw(base: LoadedBase, prompts: Sequence[str], way: Way, check: Callable[[], None]) -> Tensor:
    """Draw scaled latents [N, 4, H/8, W/8] with classifier-free guidance, each from its own seed.

    `check` is called before each step, and may raise. Guidance 1 or less draws without the negative
    prompt, as few-step models are made for.
    Source: Song et al. 2021 (DDIM, eta 0); Ho & Salimans 2022.
    """
    count, scale = len(prompts), way.guidance_scale
    height, width = way.height_px // 8, way.width_px // 8
    given = encode_tokens(base, tokenize(base, [*[way.negative_prompt] * count, *prompts]))
    ids = [way.height_px, way.width_px, 0, 0, way.height_px, way.width_px]
    given["time_ids"] = torch.tensor([ids] * (2 * count), dtype=torch.float32)
    generators = [torch.Generator().manual_seed(seed) for seed in way.seeds]
    latents: Tensor = torch.stack([torch.randn(4, height, width, generator=g) for g in generators])
    made_of = base.sampler or base.scheduler
    scheduler = type(made_of).from_config(made_of.config)
    scheduler.set_timesteps(way.steps)
    latents = latents * scheduler.init_noise_sigma
    guided = {name: value[count:] for name, value in given.items()}
    for time in scheduler.timesteps:
        check()
        noisy = scheduler.scale_model_input(latents, time)
        if scale > 1:
            both = torch.cat([noisy, noisy])
            plain, wanted = predict(base, both, time.expand(2 * count), given).cpu().chunk(2)
            predicted = plain + scale * (wanted - plain)
        else:
            predicted = predict(base, noisy, time.expand(count), guided).cpu()
        latents = scheduler.step(predicted, time, latents).prev_sample
    return latents


@torch.inference_mode()
def decode_pixels(base: LoadedBase, latents: Tensor) -> Tensor:
    """Decode scaled latents [N, 4, H/8, W/8] to pixels, [N, 3, H, W], about in [-1, 1]."""
    vae = base.vae
    scaled = (latents / vae.config.scaling_factor).to(vae.device, vae.dtype)
    return torch.cat([vae.decode(chunk).sample.float().cpu() for chunk in scaled.split(1)])


def decode(base: LoadedBase, latents: Tensor) -> list[Image.Image]:
    """Decode scaled latents [N, 4, H/8, W/8] to pictures."""
    pixels = decode_pixels(base, latents)
    values = ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    return [Image.fromarray(np.asarray(value)) for value in values]
