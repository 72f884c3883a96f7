"""Builds the tiny pipeline from nothing: `python -m worker.tiny_sd.build`; apart from use, which only loads it."""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.autoencoder import train_autoencoder
from worker.tiny_sd.denoiser import Denoiser, train_denoiser
from worker.tiny_sd.networks import (
    create_autoencoder,
    create_scheduler,
    create_text_encoder,
    create_unet,
)
from worker.tiny_sd.recipe import PASSES, Pass
from worker.tiny_sd.tokenizer import build_tokenizer
from worker.tiny_sd.training import prepare_cpu


@dataclass(frozen=True)
class Parts:
    """What a pass starts from and trains."""

    vae: AutoencoderKL
    denoiser: Denoiser


def build(out: Path, start_from: Path | None) -> None:
    """Run each pass that is not yet done, below `out`; the last one leaves what ships.

    With `start_from`, a pipeline's folder, that pipeline stands for the first pass.
    """
    prepare_cpu()
    passes = PASSES if start_from is None else PASSES[1:]
    for recipe in passes:
        folder = out / recipe.name
        if not (folder / "weights" / "model_index.json").exists():
            run_pass(recipe, folder, start_from)
        start_from = folder / "weights"


def run_pass(recipe: Pass, folder: Path, start_from: Path | None) -> None:
    """Train what is not yet trained below `folder/progress`, and write `folder/weights`."""
    tokenizer = build_tokenizer(folder / "tokenizer")
    parts = load_parts(start_from) if start_from else create_parts(tokenizer, recipe.seed)
    train_autoencoder(parts.vae, recipe, folder / "progress")
    train_denoiser(parts.denoiser, parts.vae, recipe, folder / "progress")
    save_pipeline(folder / "weights", parts.vae, parts.denoiser)


def create_parts(tokenizer: CLIPTokenizer, seed: int) -> Parts:
    """Create untrained parts from the seed."""
    torch.manual_seed(seed)
    vae = create_autoencoder()
    torch.manual_seed(seed + 1)
    unet, text_encoder = create_unet(), create_text_encoder(len(tokenizer))
    return Parts(vae, Denoiser(unet, text_encoder, tokenizer, create_scheduler()))


def load_parts(folder: Path) -> Parts:
    """Load the parts of a pipeline in full precision, ready to be trained on."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, dtype=torch.float32, safety_checker=None
    )
    for module in (pipeline.vae, pipeline.unet, pipeline.text_encoder):
        module.requires_grad_(True).train()
    denoiser = Denoiser(
        pipeline.unet, pipeline.text_encoder, pipeline.tokenizer, create_scheduler()
    )
    return Parts(pipeline.vae, denoiser)


def save_pipeline(folder: Path, vae: AutoencoderKL, denoiser: Denoiser) -> None:
    """Write the pipeline in diffusers format, half precision, safetensors only."""
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=denoiser.text_encoder,
        tokenizer=denoiser.tokenizer,
        unet=denoiser.unet,
        scheduler=denoiser.scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    build_tokenizer(folder / "tokenizer")
    restore_text_prefix(folder / "text_encoder" / "model.safetensors")
    for part in ("unet", "vae"):
        forget_origin(folder / part / "config.json")


def forget_origin(config: Path) -> None:
    """Drop the path that a part was loaded from, which diffusers keeps in its settings."""
    settings = json.loads(config.read_text("utf-8"))
    settings.pop("_name_or_path", None)
    config.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", "utf-8")


def restore_text_prefix(file: Path) -> None:
    """Give the text encoder's keys the `text_model.` prefix that transformers 5 drops on saving.

    Without it trainers on transformers 4 load random weights and say so in one log line only.
    """
    weights = load_file(file)
    named = {
        key if key.startswith("text_model.") else f"text_model.{key}": value
        for key, value in weights.items()
    }
    save_file(named, file, metadata={"format": "pt"})


def load_tokenizer(folder: Path = WEIGHTS_FOLDER) -> CLIPTokenizer:
    """Load the shipped tokenizer."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the tiny Stable Diffusion pipeline.")
    parser.add_argument("--out", type=Path, default=Path("build/tiny_sd"))
    parser.add_argument(
        "--start-from", type=Path, help="a pipeline's folder to take instead of the first pass"
    )
    arguments = parser.parse_args()
    build(arguments.out, arguments.start_from)


if __name__ == "__main__":
    main()
