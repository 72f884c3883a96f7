"""Base models: one entry a family, and the one way to load them: safetensors only, never remote code."""

import errno
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from huggingface_hub import snapshot_download
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from core.errors import TrainingError
from core.offerings.records import BaseModel
from worker.base_cache import Hold, hold
from worker.tiny_sd import WEIGHTS_FOLDER
from worker.training.guards import is_out_of_memory

_LOADING_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
    SafetensorError,
)
"""What the libraries raise for a model that is not there, not whole, or whose headers are not true."""
_BUILTIN = {"tiny_sd": WEIGHTS_FOLDER}
_NETWORKS = ("text_encoder", "text_encoder_2", "unet", "vae")
_CONFIGS = {
    "tiny": str(WEIGHTS_FOLDER),
    "sd15": "stable-diffusion-v1-5/stable-diffusion-v1-5",
    "sdxl": "stabilityai/stable-diffusion-xl-base-1.0",
}
"""Where a single file's configuration and tokenizer come from unless the catalogue says otherwise."""


@dataclass(frozen=True)
class Family:
    """What all base models of one architecture share."""

    name: str
    ss_base_model_version: str
    """As kohya's trainer writes it, so that other programs know the architecture."""
    modelspec_architecture: str
    modelspec_implementation: str = "diffusers"
    text_prefixes: tuple[str, ...] = ("lora_te",)
    """How kohya's trainer names the modules of each text encoder."""
    is_sdxl: bool = False
    sample_steps: int = 20
    guidance_scale: float = 7.0

    @property
    def pipeline(self) -> Any:  # diffusers is untyped
        """The pipeline that loads these models and the LoRAs for them."""
        return StableDiffusionXLPipeline if self.is_sdxl else StableDiffusionPipeline


FAMILIES = {
    "tiny": Family("tiny", "sd_v1", "stable-diffusion-v1/lora", guidance_scale=4.0),
    "sd15": Family("sd15", "sd_v1", "stable-diffusion-v1/lora"),
    "sdxl": Family(
        "sdxl",
        "sdxl_base_v1-0",
        "stable-diffusion-xl-v1-base/lora",
        modelspec_implementation="https://github.com/Stability-AI/generative-models",
        text_prefixes=("lora_te1", "lora_te2"),
        is_sdxl=True,
        guidance_scale=6.0,
    ),
}


@dataclass(frozen=True)
class LoadedBase:
    """A base model in memory, in evaluation mode and without gradients."""

    family: Family
    vae: AutoencoderKL
    unet: UNet2DConditionModel
    text_encoders: tuple[CLIPTextModel | CLIPTextModelWithProjection, ...]
    tokenizers: tuple[CLIPTokenizer, ...]
    scheduler: DDIMScheduler
    """Its noise schedule, which training and sampling share."""
    sampler: Any = None  # diffusers' schedulers have no common type
    """What sample pictures are drawn with; DDIM unless a method sets another one."""
    acceleration_sha256: str = ""
    """Of the file of the acceleration LoRA that is part of the UNet, if one is."""
    hold: Hold = field(default_factory=Hold)
    """Keeps its files on the disk."""
    is_mixed: bool = False
    """Whether a UNet in full precision computes in bf16, as where all of its weights are trained."""

    @property
    def text_encoder(self) -> CLIPTextModel:
        return self.text_encoders[0]

    @property
    def tokenizer(self) -> CLIPTokenizer:
        return self.tokenizers[0]

    @property
    def components(self) -> dict[str, Any]:
        """The networks that a LoRA may be put into, by diffusers' names for them; untyped, as its mixins are."""
        names = ("text_encoder", "text_encoder_2")
        return {"unet": self.unet, **dict(zip(names, self.text_encoders, strict=False))}


def load_base(model: BaseModel, dtype: torch.dtype = torch.float32) -> LoadedBase:
    """Load a base model from a builtin name, a folder, a single file or the hub, onto the GPU if there is one.

    Only the UNet takes `dtype`: SDXL's autoencoder overflows in half precision, and encoders run once.
    Source: the note on fp16 of huggingface.co/madebyollin/sdxl-vae-fp16-fix.
    Raises TrainingError (`base_model_missing`) with what an admin should do.
    """
    held = hold(model.source)
    try:
        pipeline = load_pipeline(model, dtype)
        _check_tokenizers(pipeline)
    except _LOADING_ERRORS as error:
        if getattr(error, "errno", None) == errno.ENOMEM:
            raise MemoryError from error
        if is_out_of_memory(error):
            raise
        raise TrainingError(_explain_missing(model), code="base_model_missing") from error
    family = FAMILIES[model.family]
    texts = ("", "_2") if family.is_sdxl else ("",)
    encoders = tuple(getattr(pipeline, f"text_encoder{end}") for end in texts)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if dtype is not torch.float32:
        pipeline.unet.to(dtype=dtype)
    for part in (pipeline.vae, pipeline.unet, *encoders):
        part.requires_grad_(False).eval().to(device)
    return LoadedBase(
        family=family,
        hold=held,
        vae=pipeline.vae,
        unet=pipeline.unet,
        text_encoders=encoders,
        tokenizers=tuple(getattr(pipeline, f"tokenizer{end}") for end in texts),
        scheduler=DDIMScheduler.from_config(
            pipeline.scheduler.config, clip_sample=False, set_alpha_to_one=False
        ),
    )


def load_pipeline(
    model: BaseModel, unet_dtype: torch.dtype = torch.float32
) -> StableDiffusionPipeline | StableDiffusionXLPipeline:
    """Load all parts in full precision, on the CPU; in a folder the UNet in its own, as it goes.

    Raises what the libraries raise.
    """
    kind, _, name = model.source.partition(":")
    source = str(_BUILTIN[name]) if kind == "builtin" else model.source
    family = FAMILIES[model.family]
    if source.endswith(".safetensors"):
        if not Path(source).is_file():
            raise FileNotFoundError(source)
        config = model.config or _CONFIGS[model.family]
        return family.pipeline.from_single_file(source, config=config, torch_dtype=torch.float32)
    checker = {} if family.is_sdxl else {"safety_checker": None, "requires_safety_checker": False}
    return family.pipeline.from_pretrained(
        source,
        revision=model.revision or None,
        dtype={"unet": unet_dtype, "default": torch.float32},
        use_safetensors=True,
        **checker,
    )


def _check_tokenizers(pipeline: Any) -> None:  # diffusers is untyped
    """Raise ValueError for a tokenizer without its vocabulary: it loads, and reads every word as unknown."""
    for end in ("", "_2"):
        tokenizer = getattr(pipeline, f"tokenizer{end}", None)
        encoder = getattr(pipeline, f"text_encoder{end}", None)
        if (
            tokenizer is not None
            and encoder is not None
            and len(tokenizer) < encoder.config.vocab_size // 2
        ):
            raise ValueError(f"tokenizer{end} has {len(tokenizer)} words")


def _explain_missing(model: BaseModel) -> str:
    if model.source.startswith("builtin:") or Path(model.source).is_absolute():
        return (
            f"The base model {model.name} could not be loaded from “{model.source}”. Nothing was "
            "charged. An admin can put it there whole or correct base_models.toml."
        )
    return (
        f"The base model {model.name} is not on this worker, and “{model.source}” could not be fetched "
        "from the hub. Nothing was charged; try again later. An admin can check the worker's network, "
        "or name a folder in base_models.toml."
    )


def find_source(model: BaseModel) -> Path:
    """Find the file or folder that a base model was loaded from, without a network. Raises OSError."""
    kind, _, name = model.source.partition(":")
    if kind == "builtin":
        return _BUILTIN[name]
    if model.source.endswith(".safetensors") or Path(model.source).is_dir():
        return Path(model.source)
    revision = model.revision or None
    return Path(snapshot_download(model.source, revision=revision, local_files_only=True))


def hash_base(model: BaseModel) -> str:
    """Hash the weights of a base model where they lie; "" when they are gone since they were loaded.

    A single file's hash is its SHA-256, as sites know it. A folder's is the SHA-256 of one line
    `<sha256>  <path>` for each weights file of its networks, in order of paths.
    """
    try:
        source = find_source(model)
        if source.is_file():
            return _hash_file(source)
        files = (file for part in _NETWORKS for file in source.glob(f"{part}/*.safetensors"))
        lines = [f"{_hash_file(f)}  {f.relative_to(source).as_posix()}\n" for f in sorted(files)]
    except (OSError, ValueError):  # the hub calls a path no id by a ValueError
        return ""
    return hashlib.sha256("".join(lines).encode()).hexdigest() if lines else ""


def _hash_file(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
