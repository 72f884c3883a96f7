"""Shows what a LoRA learned, in numbers and pictures; worker/measuring.py is asked for it.

Apart from training, so that it sees only what a user has: the base model and the published file.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from torch import Tensor

from worker.base_models import LoadedBase, load_base
from worker.findings import (
    GENTLE_WEIGHT,
    BeforeAfter,
    Controls,
    Distances,
    Drawn,
    Evaluation,
    Request,
)
from worker.tiny_sd.check import read_scene
from worker.tiny_sd.scenes import COLOURS, SHAPES
from worker.training.denoising import weigh
from worker.training.encoding import encode_captions, encode_images
from worker.training.images import load_pixels
from worker.training.settings import Settings

TIMESTEPS = 20
NOISES = 4
_NAME = "lora"
_CONTROL = re.compile(
    rf"({'|'.join(COLOURS)}) ({'|'.join(SHAPES)}) .*?({'|'.join(COLOURS)}) background"
)


def make_pipeline(base: LoadedBase) -> StableDiffusionPipeline:
    """Make the pipeline that a user of diffusers would have, over an already loaded base model."""
    pipeline = StableDiffusionPipeline(
        vae=base.vae,
        text_encoder=base.text_encoder,
        tokenizer=base.tokenizer,
        unet=base.unet,
        scheduler=base.sampler or base.scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionPipeline, base: LoadedBase, prompts: Sequence[str], settings: Settings
) -> list[Image.Image]:
    """Draw one picture a prompt; the n-th has seed + n whatever the prompt, so two models compare."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), 8):
        chunk = list(prompts[start : start + 8])
        seeds = range(settings.seed + start, settings.seed + start + len(chunk))
        pictures += pipeline(
            chunk,
            height=settings.resolution_px,
            width=settings.resolution_px,
            num_inference_steps=base.family.sample_steps,
            guidance_scale=base.family.guidance_scale,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        ).images
    return pictures


@torch.inference_mode()
def measure_loss(base: LoadedBase, latents: Tensor, captions: Sequence[str], seed: int) -> Tensor:
    """Measure the noise prediction error of pictures at fixed noise and timesteps.

    Latents [N, 4, H/8, W/8] and N captions -> [TIMESTEPS], each the mean over N pictures, NOISES
    draws and all elements. Evenly spaced timesteps and fixed noise leave the model as the only
    difference between two measurements.
    Source: Ho et al. 2020 (the simple loss, without weights).
    """
    contexts = encode_captions(captions, base.tokenizer, base.text_encoder)
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((NOISES, *latents.shape), generator=generator).flatten(0, 1)
    clean, context = latents.repeat(NOISES, 1, 1, 1), contexts.repeat(NOISES, 1, 1)
    device, dtype = base.unet.device, base.unet.dtype
    losses = []
    for timestep in list_timesteps(base):
        times = torch.full((len(clean),), timestep)
        noisy = base.scheduler.add_noise(clean, noise, times)
        predicted = base.unet(
            noisy.to(device, dtype), times.to(device), context.to(device, dtype)
        ).sample
        losses.append((predicted.float().cpu() - noise).square().mean())
    return torch.stack(losses)


def list_timesteps(base: LoadedBase) -> list[int]:
    """List the timesteps that the loss is measured at: the middles of TIMESTEPS equal parts."""
    total = base.scheduler.config.num_train_timesteps
    return [int((part + 0.5) * total / TIMESTEPS) for part in range(TIMESTEPS)]


def measure_distance(pictures: Tensor, dataset: Tensor) -> float:
    """Measure how far pictures are from a dataset, latents [N, 4, h, w] and [M, 4, h, w].

    Each picture's distance to its nearest picture of the dataset, root mean square over the
    elements of the latents, and the mean over the pictures. Latents have about unit variance, so
    two unrelated pictures are about 1.4 apart, and equal ones 0.
    """
    apart = (pictures[:, None] - dataset[None]).square().mean(dim=(2, 3, 4)).sqrt()
    return float(apart.min(dim=1).values.mean())


def count_right(prompts: Sequence[str], pictures: Sequence[Image.Image]) -> float | None:
    """Return the share of pictures that show the shape, colour and background their prompts name.

    Read without any model (worker/tiny_sd/check.py); None when no prompt names such a scene.
    """
    right = []
    for prompt, picture in zip(prompts, pictures, strict=True):
        if wanted := _CONTROL.search(prompt):
            seen = read_scene(picture)
            right.append((seen.foreground, seen.shape, seen.background) == wanted.groups())
    return sum(right) / len(right) if right else None


def evaluate(request: Request) -> Evaluation:
    """Measure and draw with the base model, put the LoRA in as its user would, and do both again."""
    base = load_base(request.base_model)
    pipeline = make_pipeline(base)
    side_px = request.settings.resolution_px
    dataset = encode_files(base, [image.file for image in request.dataset], side_px)
    held_out = encode_files(base, [image.file for image in request.held_out], side_px)
    captions = [image.caption for image in request.held_out]

    def measure() -> tuple[Tensor, list[list[Image.Image]]]:
        wanted = (request.prompts, request.controls, request.measured_prompts)
        drawn = [draw(pipeline, base, prompts, request.settings) for prompts in wanted]
        return measure_loss(base, held_out, captions, request.settings.seed), drawn

    loss_before, before = measure()
    pipeline.load_lora_weights(
        str(request.lora.parent), weight_name=request.lora.name, adapter_name=_NAME
    )
    loss_after, after = measure()
    plain = draw(pipeline, base, request.plain_prompts, request.settings)
    far = [measure_distance(encode_drawn(base, d), dataset) for d in (before[2], after[2], plain)]
    pipeline.set_adapters([_NAME], [GENTLE_WEIGHT])
    gentle = draw(pipeline, base, request.controls, request.settings)
    weights = weigh(base.scheduler, torch.tensor(list_timesteps(base)), request.settings)
    weighed = [float((weights * loss).mean()) for loss in (loss_before, loss_after)]
    rows = zip(list_timesteps(base), loss_before.tolist(), loss_after.tolist(), strict=True)
    return Evaluation(
        held_out_loss=BeforeAfter(before=float(loss_before.mean()), after=float(loss_after.mean())),
        held_out_training_loss=BeforeAfter(before=weighed[0], after=weighed[1]),
        held_out_loss_by_timestep=tuple(rows),
        distances=Distances(
            held_out=measure_distance(held_out, dataset),
            base_with_trigger=far[0],
            lora_with_trigger=far[1],
            lora_without_trigger=far[2],
        ),
        controls_right=_compare(request.controls, before[1], after[1], gentle),
        prompts=_save_both(request.out, "prompt", before[0], after[0]),
        controls=_save_both(request.out, "control", before[1], after[1]),
        gentle_controls=_save(request.out, "control-gentle", gentle),
    )


def _compare(prompts: Sequence[str], *drawn: Sequence[Image.Image]) -> Controls | None:
    """Count what is right before, at full weight and at the gentle one."""
    shares = [share for d in drawn if (share := count_right(prompts, d)) is not None]
    if len(shares) < len(drawn):
        return None
    return Controls(before=shares[0], full_weight=shares[1], gentle_weight=shares[2])


def encode_files(base: LoadedBase, files: Sequence[Path], side_px: int) -> Tensor:
    """Encode pictures as the trainer does, [N, 4, H/8, W/8]."""
    return encode_images(torch.stack([load_pixels(file, side_px) for file in files]), base.vae)


def encode_drawn(base: LoadedBase, pictures: Sequence[Image.Image]) -> Tensor:
    """Encode drawn pictures, [N, 4, H/8, W/8]."""
    values = [torch.frombuffer(bytearray(p.tobytes()), dtype=torch.uint8) for p in pictures]
    shaped = [v.view(p.height, p.width, 3) for v, p in zip(values, pictures, strict=True)]
    pixels = torch.stack(shaped).permute(0, 3, 1, 2).float() / 127.5 - 1
    return encode_images(pixels, base.vae)


def _save_both(
    folder: Path, name: str, before: Sequence[Image.Image], after: Sequence[Image.Image]
) -> Drawn:
    return Drawn(
        before=_save(folder, f"{name}-before", before), after=_save(folder, f"{name}-after", after)
    )


def _save(folder: Path, name: str, pictures: Sequence[Image.Image]) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    files = tuple(folder / f"{name}-{number}.png" for number in range(len(pictures)))
    for file, picture in zip(files, pictures, strict=True):
        picture.save(file)
    return files
