"""Builds the tiny pipeline from nothing: `python -m worker.tiny_sd.build`; apart from use, which only loads it."""

import argparse
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from worker.tiny_sd import WEIGHTS_FOLDER
from worker.tiny_sd.autoencoder import train_autoencoder
from worker.tiny_sd.denoiser import Denoiser, train_denoiser
from worker.tiny_sd.tokenizer import build_tokenizer
from worker.tiny_sd.training import prepare_cpu

SEED = 7
AUTOENCODER_STEPS = 4000
DENOISER_STEPS = 3600


def build(out: Path, autoencoder_steps: int, denoiser_steps: int) -> None:
    """Train what is not yet trained below `out/progress`, and write the pipeline to `out/weights`."""
    prepare_cpu()
    vae = train_autoencoder(out, autoencoder_steps, SEED)
    tokenizer = build_tokenizer(out / "tokenizer")
    denoiser = train_denoiser(out, vae, tokenizer, denoiser_steps, SEED)
    save_pipeline(out / "weights", vae, denoiser)


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
    parser.add_argument("--autoencoder-steps", type=int, default=AUTOENCODER_STEPS)
    parser.add_argument("--denoiser-steps", type=int, default=DENOISER_STEPS)
    arguments = parser.parse_args()
    build(arguments.out, arguments.autoencoder_steps, arguments.denoiser_steps)


if __name__ == "__main__":
    main()
