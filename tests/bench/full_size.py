"""Stable Diffusion 1.5 and XL at their real sizes with random weights, as diffusers folders, without building them.

`python -m tests.bench.full_size sd15|sdxl FOLDER` writes one; `make_base` runs that, so that the memory goes with it.
"""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from core.offerings.records import BaseModel
from tests.bench.figures import ROOT
from worker.tiny_sd.build import load_tokenizer

_VOCABULARY = 49_408
_NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
_DRAWN = 1_000_003
"""How many values are drawn; a weight repeats them, as what they are does not change a step's time."""


def make_base(family: str, place: Path) -> BaseModel:
    """Write a family's base model in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.full_size", family, str(place)]
    subprocess.run(command, cwd=ROOT, check=True)
    return BaseModel(id=family, name=f"{family} at random", family=family, source=str(place))


def make_sd15(place: Path) -> None:
    """Write Stable Diffusion 1.5 in full precision, as its makers do; 4.3 GB.

    Source: the configurations of stable-diffusion-v1-5/stable-diffusion-v1-5.
    """
    with torch.device("meta"):
        parts = {
            "unet": UNet2DConditionModel(
                sample_size=64, cross_attention_dim=768, attention_head_dim=8
            ),
            "vae": _make_autoencoder(0.18215),
            "text_encoder": CLIPTextModel(_configure_text(768, 12, "quick_gelu")),
        }
    _write_parts(place, parts, torch.float32)
    scheduler = DDIMScheduler(**_NOISE, steps_offset=1, clip_sample=False, set_alpha_to_one=False)
    _write_rest(place, "StableDiffusionPipeline", parts, scheduler)


def make_sdxl(place: Path) -> None:
    """Write Stable Diffusion XL in half precision, 7 GB.

    Source: the configurations of stabilityai/stable-diffusion-xl-base-1.0.
    """
    with torch.device("meta"):
        parts = {
            "unet": UNet2DConditionModel(
                sample_size=128,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
                block_out_channels=(320, 640, 1280),
                transformer_layers_per_block=(1, 2, 10),
                cross_attention_dim=2048,
                attention_head_dim=(5, 10, 20),
                use_linear_projection=True,
                addition_embed_type="text_time",
                addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816,
            ),
            "vae": _make_autoencoder(0.13025),
            "text_encoder": CLIPTextModel(_configure_text(768, 12, "quick_gelu")),
            "text_encoder_2": CLIPTextModelWithProjection(_configure_text(1280, 32, "gelu")),
        }
    _write_parts(place, parts, torch.bfloat16)
    _write_rest(
        place,
        "StableDiffusionXLPipeline",
        parts,
        EulerDiscreteScheduler(**_NOISE, steps_offset=1),
    )


def _make_autoencoder(scaling_factor: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        scaling_factor=scaling_factor,
    )


def _configure_text(width: int, layers: int, activation: str) -> CLIPTextConfig:
    last = len(load_tokenizer())
    return CLIPTextConfig(
        vocab_size=_VOCABULARY,
        hidden_size=width,
        intermediate_size=4 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=activation,
        bos_token_id=last - 2,
        eos_token_id=last - 1,
    )


def _write_parts(place: Path, parts: Mapping[str, nn.Module], dtype: torch.dtype) -> None:
    """Write weights and configurations, one network in memory at a time."""
    torch.manual_seed(0)
    drawn = torch.randn(_DRAWN)
    for name, part in parts.items():
        folder = place / name
        folder.mkdir(parents=True)
        is_text = name.startswith("text_encoder")
        file = "model.safetensors" if is_text else "diffusion_pytorch_model.safetensors"
        weights = {
            key: _fill(key, value.shape, drawn).to(dtype)
            for key, value in part.state_dict().items()
        }
        save_file(weights, folder / file, {"format": "pt"})
        config: Any = part  # diffusers and transformers share no type
        config.config.save_pretrained(folder) if is_text else config.save_config(folder)


def _fill(name: str, shape: torch.Size, drawn: Tensor) -> Tensor:
    """Make a parameter that keeps what goes through it at about unit variance."""
    if len(shape) < 2:
        return torch.full(shape, 0.0 if name.endswith("bias") else 1.0)
    count = shape.numel()
    values = drawn.repeat(-(-count // _DRAWN))[:count].view(shape)
    return values / math.sqrt(shape[1:].numel())


def _write_rest(
    place: Path,
    pipeline: str,
    parts: Mapping[str, nn.Module],
    scheduler: DDIMScheduler | EulerDiscreteScheduler,
) -> None:
    """Write tokenizers, scheduler and the index that names every part's class."""
    scheduler.save_pretrained(place / "scheduler")
    index: dict[str, Any] = {  # JSON, as diffusers has it
        "_class_name": pipeline,
        "scheduler": ["diffusers", type(scheduler).__name__],
    }
    for name, part in parts.items():
        is_text = name.startswith("text_encoder")
        index[name] = ["transformers" if is_text else "diffusers", type(part).__name__]
        if is_text:
            tokenizer = name.replace("text_encoder", "tokenizer")
            _make_tokenizer().save_pretrained(place / tokenizer)
            index[tokenizer] = ["transformers", "CLIPTokenizer"]
    (place / "model_index.json").write_text(json.dumps(index, indent=2))


def _make_tokenizer() -> CLIPTokenizer:
    """Fill the small model's tokenizer up to the size of CLIP's, as a base model that is whole has it."""
    tokenizer = load_tokenizer()
    tokenizer.add_tokens([f"unused{n}" for n in range(_VOCABULARY - len(tokenizer))])
    return tokenizer


if __name__ == "__main__":
    {"sd15": make_sd15, "sdxl": make_sdxl}[sys.argv[1]](Path(sys.argv[2]))
