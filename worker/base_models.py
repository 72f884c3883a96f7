"""Base models: one entry a family, and the one way to load them: safetensors only, never remote code."""

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from core.errors import TrainingError
from core.offerings.records import BaseModel
from worker.tiny_sd import WEIGHTS_FOLDER

_BUILTIN = {"tiny_sd": WEIGHTS_FOLDER}
_CONFIGS = {
    "tiny": str(WEIGHTS_FOLDER),
    "sd15": "stable-diffusion-v1-5/stable-diffusion-v1-5",
}
"""Where a single file's configuration and tokenizer come from unless the catalogue says otherwise."""


@dataclass(frozen=True)
class Family:
    """What all base models of one architecture share."""

    name: str
    ss_base_model_version: str
    """As kohya's trainer writes it, so that other programs know the architecture."""
    modelspec_architecture: str
    target_modules: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out.0")
    sample_steps: int = 20
    guidance_scale: float = 7.0


FAMILIES = {
    "tiny": Family("tiny", "sd_v1", "stable-diffusion-v1/lora", guidance_scale=4.0),
    "sd15": Family("sd15", "sd_v1", "stable-diffusion-v1/lora"),
}


@dataclass(frozen=True)
class LoadedBase:
    """A base model in memory, in evaluation mode and without gradients."""

    family: Family
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: DDIMScheduler


def load_base(model: BaseModel, dtype: torch.dtype = torch.float32) -> LoadedBase:
    """Load a base model from a builtin name, a folder, a single file or the hub.

    Raises TrainingError (`base_model_missing`) with what an admin should do.
    """
    try:
        pipeline = _load_pipeline(model, dtype)
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(
            f"The base model {model.name} could not be loaded from “{model.source}”. Nothing was "
            "charged. An admin can put it there or correct base_models.toml.",
            code="base_model_missing",
        ) from error
    for part in (pipeline.vae, pipeline.unet, pipeline.text_encoder):
        part.requires_grad_(False).eval()
    return LoadedBase(
        family=FAMILIES[model.family],
        vae=pipeline.vae,
        unet=pipeline.unet,
        text_encoder=pipeline.text_encoder,
        tokenizer=pipeline.tokenizer,
        scheduler=DDIMScheduler.from_config(
            pipeline.scheduler.config, clip_sample=False, set_alpha_to_one=False
        ),
    )


def _load_pipeline(model: BaseModel, dtype: torch.dtype) -> StableDiffusionPipeline:
    kind, _, name = model.source.partition(":")
    source = str(_BUILTIN[name]) if kind == "builtin" else model.source
    if source.endswith(".safetensors"):
        if not Path(source).is_file():
            raise FileNotFoundError(source)
        return StableDiffusionPipeline.from_single_file(
            source, config=model.config or _CONFIGS[model.family], torch_dtype=dtype
        )
    return StableDiffusionPipeline.from_pretrained(
        source,
        revision=model.revision or None,
        dtype=dtype,
        use_safetensors=True,
        safety_checker=None,
        requires_safety_checker=False,
    )
