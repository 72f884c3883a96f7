"""Measures the tiny pipeline on prompts that were held out of its training: `python -m worker.tiny_sd.measure`."""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from PIL import Image

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.check import read_scene
from worker.tiny_sd.scenes import Scene, draw_scenes, write_caption
from worker.tiny_sd.sheet import Sample, make_sheet
from worker.tiny_sd.training import prepare_cpu

SEED = 2026
SHEET_PICTURES = 40


@dataclass(frozen=True)
class Way:
    """How pictures are drawn; an acceleration LoRA goes with trailing steps, few, and guidance 1."""

    steps: int = 25
    guidance_scale: float = 4.0
    acceleration: Path | None = None
    spacing: str = "leading"

    def describe(self) -> str:
        name = ", acceleration LoRA" if self.acceleration else ""
        return f"{self.steps} DDIM steps ({self.spacing}), guidance {self.guidance_scale}{name}"


DEFAULT_WAY = Way()


@dataclass(frozen=True)
class Score:
    """Shares of pictures that show what was asked for."""

    shape: float
    foreground: float
    background: float
    everything: float


def write_captions(scenes: list[Scene], seed: int) -> list[str]:
    """Word each scene; the same seed gives the same words."""
    rng = random.Random(seed)
    return [write_caption(scene, rng) for scene in scenes]


def draw_pictures(
    folder: Path, captions: list[str], seed: int, way: Way = DEFAULT_WAY
) -> list[Image.Image]:
    """Draw one picture a caption with the pipeline in `folder`."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None
    )
    pipeline.scheduler = DDIMScheduler.from_config(
        pipeline.scheduler.config, timestep_spacing=way.spacing
    )
    if way.acceleration:
        pipeline.load_lora_weights(way.acceleration.parent, weight_name=way.acceleration.name)
    pipeline.set_progress_bar_config(disable=True)
    pictures: list[Image.Image] = []
    for start in range(0, len(captions), 20):
        chunk = captions[start : start + 20]
        generators = [torch.Generator().manual_seed(seed + start + n) for n in range(len(chunk))]
        pictures += pipeline(
            chunk,
            height=64,
            width=64,
            num_inference_steps=way.steps,
            guidance_scale=way.guidance_scale,
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


def collect_samples(
    scenes: list[Scene], captions: list[str], pictures: list[Image.Image]
) -> list[Sample]:
    """Collect what a sheet shows, in the order it was drawn: nothing is picked."""
    return [
        Sample(picture, caption, score([scene], [picture]).everything == 1)
        for scene, caption, picture in zip(scenes, captions, pictures, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the tiny pipeline on held-out prompts.")
    parser.add_argument("--weights", type=Path, default=WEIGHTS_FOLDER)
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", type=int, default=DEFAULT_WAY.steps)
    parser.add_argument("--guidance-scale", type=float, default=DEFAULT_WAY.guidance_scale)
    parser.add_argument("--acceleration", type=Path, help="a LoRA in kohya's format to draw with")
    parser.add_argument("--spacing", choices=["leading", "trailing"], default="leading")
    parser.add_argument("--sheet", type=Path, help=f"write the first {SHEET_PICTURES} pictures")
    arguments = parser.parse_args()
    prepare_cpu()
    scenes = draw_scenes(arguments.prompts, arguments.seed, held_out=True)
    captions = write_captions(scenes, arguments.seed)
    way = Way(arguments.steps, arguments.guidance_scale, arguments.acceleration, arguments.spacing)
    pictures = draw_pictures(arguments.weights, captions, arguments.seed, way)
    result = score(scenes, pictures)
    print(f"{arguments.prompts} held-out prompts, {way.describe()}")
    print(f"right shape       {result.shape:.1%}")
    print(f"right foreground  {result.foreground:.1%}")
    print(f"right background  {result.background:.1%}")
    print(f"all three right   {result.everything:.1%}")
    if arguments.sheet:
        samples = collect_samples(scenes, captions, pictures)[:SHEET_PICTURES]
        make_sheet(samples).save(arguments.sheet, optimize=True)


if __name__ == "__main__":
    main()
