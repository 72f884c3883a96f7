"""Measures the tiny pipeline on prompts that were held out of its training: `python -m worker.tiny_sd.measure`."""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.check import read_scene
from worker.tiny_sd.scenes import Scene, draw_scenes, write_caption
from worker.tiny_sd.training import prepare_cpu

SEED = 2026
STEPS = 25
GUIDANCE_SCALE = 4.0


@dataclass(frozen=True)
class Score:
    """Shares of pictures that show what was asked for."""

    shape: float
    foreground: float
    background: float
    everything: float


def draw_pictures(folder: Path, scenes: list[Scene], seed: int) -> list[Image.Image]:
    """Draw one picture a scene with the pipeline in `folder`, 25 DDIM steps."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None
    )
    pipeline.set_progress_bar_config(disable=True)
    rng = random.Random(seed)
    captions = [write_caption(scene, rng) for scene in scenes]
    pictures: list[Image.Image] = []
    for start in range(0, len(captions), 20):
        chunk = captions[start : start + 20]
        generators = [torch.Generator().manual_seed(seed + start + n) for n in range(len(chunk))]
        pictures += pipeline(
            chunk,
            height=64,
            width=64,
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE_SCALE,
            generator=generators,
        ).images
    return pictures


def score(scenes: list[Scene], pictures: list[Image.Image]) -> Score:
    """Compare what was asked for with what the model-free check reads."""
    readings = [read_scene(picture) for picture in pictures]
    pairs = list(zip(scenes, readings, strict=True))
    shape = [s.shape == r.shape for s, r in pairs]
    foreground = [s.foreground == r.foreground for s, r in pairs]
    background = [s.background == r.background for s, r in pairs]
    everything = [all(right) for right in zip(shape, foreground, background, strict=True)]
    count = len(pairs)
    return Score(*(sum(right) / count for right in (shape, foreground, background, everything)))


def make_sheet(pictures: list[Image.Image], columns: int = 20) -> Image.Image:
    """Lay pictures out in rows."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * 66, rows * 66), "white")
    for index, picture in enumerate(pictures):
        sheet.paste(picture, (index % columns * 66 + 1, index // columns * 66 + 1))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the tiny pipeline on held-out prompts.")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    prepare_cpu()
    scenes = draw_scenes(arguments.prompts, SEED, held_out=True)
    pictures = draw_pictures(arguments.weights, scenes, SEED)
    result = score(scenes, pictures)
    print(f"{arguments.prompts} held-out prompts, {STEPS} DDIM steps, guidance {GUIDANCE_SCALE}")
    print(f"right shape       {result.shape:.1%}")
    print(f"right foreground  {result.foreground:.1%}")
    print(f"right background  {result.background:.1%}")
    print(f"all three right   {result.everything:.1%}")
    if arguments.sheet:
        make_sheet(pictures).save(arguments.sheet, optimize=True)


if __name__ == "__main__":
    main()
