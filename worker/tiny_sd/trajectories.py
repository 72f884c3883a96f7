"""What the accelerated model learns from: the shipped model's own way from noise to picture, in four segments."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

SEGMENTS = 4
SUBSTEPS = 4
GUIDANCE_SCALE = 4.0
_BATCH = 64

Jump = Callable[[Tensor, Tensor, int], Tensor]
"""From states [N, 4, 8, 8] and contexts [N, 77, D] at the start of a segment to its end."""


@dataclass(frozen=True)
class Trajectories:
    """states [SEGMENTS, SUBSTEPS + 1, N, 4, 8, 8], a segment's last one being its target; contexts [N, 77, D]."""

    states: Tensor
    contexts: Tensor


def list_times() -> Tensor:
    """List the timestep of each state, [SEGMENTS, SUBSTEPS + 1]; -1 is the end, as in DDIM.

    The starts of the segments are the timesteps of DDIM with trailing spacing: 999, 749, 499, 249.
    Source: Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps are Flawed", table 2.
    """
    step = 1000 / SEGMENTS / SUBSTEPS
    rows = [
        [round(1000 - step * (segment * SUBSTEPS + n)) - 1 for n in range(SUBSTEPS + 1)]
        for segment in range(SEGMENTS)
    ]
    return torch.tensor(rows)


def step_ddim(noisy: Tensor, noise: Tensor, kept: Tensor, kept_next: Tensor) -> Tensor:
    """Step from one noise level to another along the predicted noise, [N, 4, 8, 8] -> the same.

    `kept` and `kept_next` [N] or [] are cumulative alphas.
    Source: Song et al. 2021 (DDIM), equation 12 with sigma 0.
    """
    kept, kept_next = (k.reshape(-1, 1, 1, 1) for k in (kept, kept_next))
    clean = (noisy - (1 - kept).sqrt() * noise) / kept.sqrt()
    return kept_next.sqrt() * clean + (1 - kept_next).sqrt() * noise


def get_kept(alphas_cumprod: Tensor, times: Tensor) -> Tensor:
    """Get cumulative alphas of timesteps; the end has the first one's, as `set_alpha_to_one=False` says."""
    return alphas_cumprod[times.clamp(min=0)]


@torch.inference_mode()
def follow_teacher(
    unet: UNet2DConditionModel,
    contexts: Tensor,
    alphas_cumprod: Tensor,
    seed: int,
    jump: Jump | None,
) -> Trajectories:
    """Let the teacher walk each segment with guidance; contexts [N + 1, 77, D], the last one empty.

    With `jump`, each segment after the first starts where the student would arrive, so that the
    student learns to go on from its own mistakes.
    Source: Ren et al. 2024 (Hyper-SD), trajectory segments; Ross et al. 2011 (DAgger), own states.
    """
    empty, contexts = contexts[-1:], contexts[:-1]
    times = list_times()
    parts = []
    for start in range(0, len(contexts), _BATCH):
        chunk = contexts[start : start + _BATCH]
        both = torch.cat([empty.expand(len(chunk), -1, -1), chunk])
        generator = torch.Generator().manual_seed(seed * 1_000_003 + start)
        noisy = torch.randn(len(chunk), 4, 8, 8, generator=generator)
        segments = []
        for segment in range(SEGMENTS):
            walked = [noisy]
            for now, then in zip(times[segment][:-1], times[segment][1:], strict=True):
                plain, guided = unet(torch.cat([walked[-1]] * 2), now, both).sample.chunk(2)
                noise = plain + GUIDANCE_SCALE * (guided - plain)
                kept, kept_next = (get_kept(alphas_cumprod, time) for time in (now, then))
                walked.append(step_ddim(walked[-1], noise, kept, kept_next))
            segments.append(torch.stack(walked))
            noisy = jump(noisy, chunk, segment) if jump else walked[-1]
        parts.append(torch.stack(segments))
    return Trajectories(torch.cat(parts, dim=2).clone(), contexts.clone())
