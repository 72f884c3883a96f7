"""Sample pictures at fixed seeds, so that two steps of a training can be compared."""

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DDIMScheduler
from PIL import Image
from torch import Tensor

from worker.base_models import LoadedBase
from worker.training.encoding import encode_captions


@torch.inference_mode()
def draw_samples(
    base: LoadedBase, prompts: Sequence[str], resolution_px: int, seed: int
) -> list[Image.Image]:
    """Draw one picture a prompt with classifier-free guidance; the n-th prompt has seed + n.

    Source: Song et al. 2021 (DDIM, eta 0); Ho & Salimans 2022.
    """
    contexts = encode_captions([*prompts, ""], base.tokenizer, base.text_encoder)
    device, dtype = base.unet.device, base.unet.dtype
    count, side = len(prompts), resolution_px // 8
    latents = torch.stack(
        [
            torch.randn(4, side, side, generator=torch.Generator().manual_seed(seed + index))
            for index in range(count)
        ]
    )
    context = torch.cat([contexts[-1:].expand(count, -1, -1), contexts[:-1]]).to(device, dtype)
    scheduler = DDIMScheduler.from_config(base.scheduler.config)
    scheduler.set_timesteps(base.family.sample_steps)
    for time in scheduler.timesteps:
        both = torch.cat([latents, latents]).to(device, dtype)
        plain, guided = base.unet(both, time.to(device), context).sample.float().cpu().chunk(2)
        predicted = plain + base.family.guidance_scale * (guided - plain)
        latents = scheduler.step(predicted, time, latents).prev_sample
    return decode(base, latents)


def decode(base: LoadedBase, latents: Tensor) -> list[Image.Image]:
    """Decode scaled latents [N, 4, H/8, W/8] to pictures."""
    vae = base.vae
    scaled = (latents / vae.config.scaling_factor).to(vae.device, vae.dtype)
    pixels = torch.cat([vae.decode(chunk).sample.float().cpu() for chunk in scaled.split(4)])
    values = ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    return [Image.fromarray(np.asarray(value)) for value in values]
