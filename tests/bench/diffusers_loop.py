"""The algorithm of diffusers' text-to-image LoRA script as a loop: `python -m tests.bench.diffusers_loop`.

Each step reads pictures, encodes them and their captions, and trains peft's layers on their noise with
AdamW. Lines are those of bare_loop.py.
Source: examples/text_to_image/train_text_to_image_lora.py of diffusers (what it does, not how it says it).
"""

import sys
from itertools import cycle

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional

from tests.bench.bare_loop import add_lora, answer, find_source
from worker.messages import TaskImage, TrainingTask
from worker.tiny_sd.training import count_threads


def main() -> None:
    torch.set_num_threads(count_threads())
    task = TrainingTask.model_validate_json(sys.stdin.readline())
    spec = task.spec
    base = StableDiffusionPipeline.from_pretrained(find_source(spec), safety_checker=None)
    for part in (base.unet, base.vae, base.text_encoder):
        part.requires_grad_(False)
    trained = add_lora(base.unet, spec)
    optimizer = torch.optim.AdamW(trained, lr=float(spec.params["learning_rate"]))
    side_px, size = spec.get_int("resolution_px"), spec.get_int("train_batch_size")
    images = cycle(task.images)
    noises = base.scheduler.config.num_train_timesteps

    def step() -> None:
        chosen = [next(images) for _ in range(size)]
        pixels = torch.stack([_read_pixels(task, image, side_px) for image in chosen])
        clean = base.vae.encode(pixels).latent_dist.sample() * base.vae.config.scaling_factor
        noise = torch.randn_like(clean)
        times = torch.randint(noises, (size,))
        noisy = base.scheduler.add_noise(clean, noise, times)
        tokens = base.tokenizer(
            [image.caption for image in chosen],
            padding="max_length",
            truncation=True,
            return_tensors="pt",
        ).input_ids
        context = base.text_encoder(tokens)[0]
        loss = functional.mse_loss(base.unet(noisy, times, context).sample, noise)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        optimizer.zero_grad()

    answer(step)


def _read_pixels(task: TrainingTask, image: TaskImage, side_px: int) -> Tensor:
    """Read a picture, [3, side, side] in [-1, 1]."""
    with Image.open(task.folder / image.file) as opened:
        fitted = ImageOps.fit(opened.convert("RGB"), (side_px, side_px))
    return torch.from_numpy(np.asarray(fitted).copy()).permute(2, 0, 1).float() / 127.5 - 1


if __name__ == "__main__":
    main()
