"""A tiny Stable Diffusion pipeline of our own, apart so that training can be shown and tested without a model hub."""

from pathlib import Path

WEIGHTS_FOLDER: Path = Path(__file__).resolve().parent / "weights"
ACCELERATION_FILE: Path = Path(__file__).resolve().parent / "acceleration" / "lora.safetensors"
