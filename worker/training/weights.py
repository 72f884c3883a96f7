"""The LoRA as files: kohya's format, which every program loads, and diffusers' own."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save, save_file
from torch import Tensor

from core.offerings.records import TrainingSpec
from worker.base_models import FAMILIES
from worker.training.settings import Settings

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


def to_kohya(weights: Mapping[str, Tensor], alpha: float) -> dict[str, Tensor]:
    """Name a UNet LoRA as kohya's networks/lora.py does, with the alpha of each module.

    `a.b.lora_A.weight` -> `lora_unet_a_b.lora_down.weight`, half precision. diffusers' own converter
    loses an alpha that differs from the rank.
    """
    named: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        down = name.endswith(_DOWN)
        path = name.removesuffix(_DOWN if down else _UP)
        module = "lora_unet_" + path.replace(".", "_")
        named[f"{module}.{'lora_down' if down else 'lora_up'}.weight"] = tensor.to(torch.float16)
        named[f"{module}.alpha"] = torch.tensor(alpha, dtype=torch.float16)
    return {key: value.contiguous() for key, value in named.items()}


def save_kohya(
    file: Path, weights: Mapping[str, Tensor], spec: TrainingSpec, settings: Settings, images: int
) -> None:
    """Write kohya's format with the metadata that other programs read; no path, no caption."""
    tensors = to_kohya(weights, settings.network_alpha)
    family = FAMILIES[spec.base_model.family]
    metadata = {
        "ss_base_model_version": family.ss_base_model_version,
        "ss_v2": "False",
        "ss_network_module": "networks.lora",
        "ss_network_dim": str(settings.rank),
        "ss_network_alpha": str(settings.network_alpha),
        "ss_network_args": "{}",
        "ss_output_name": spec.trigger_words[0],
        "ss_sd_model_name": spec.base_model.id,
        "ss_resolution": f"({settings.resolution_px}, {settings.resolution_px})",
        "ss_clip_skip": "None",
        "ss_seed": str(settings.seed),
        "ss_steps": str(settings.steps),
        "ss_max_train_steps": str(settings.steps),
        "ss_learning_rate": str(settings.learning_rate),
        "ss_lr_scheduler": settings.lr_scheduler,
        "ss_lr_warmup_steps": str(settings.lr_warmup_steps),
        "ss_optimizer": "torch.optim.AdamW",
        "ss_num_train_images": str(images),
        "ss_total_batch_size": str(settings.train_batch_size),
        "ss_noise_offset": str(settings.noise_offset),
        "ss_min_snr_gamma": str(settings.min_snr_gamma),
        "ss_caption_dropout_rate": str(settings.caption_dropout),
        "ss_max_grad_norm": str(settings.max_grad_norm),
        "ss_flip_aug": str(settings.flip),
        "ss_tag_frequency": json.dumps({"dataset": dict.fromkeys(spec.trigger_words, images)}),
        "modelspec.sai_model_spec": "1.0.1",
        "modelspec.architecture": family.modelspec_architecture,
        "modelspec.implementation": "diffusers",
        "modelspec.title": spec.trigger_words[0],
        "modelspec.trigger_phrase": ", ".join(spec.trigger_words),
        "modelspec.resolution": f"{settings.resolution_px}x{settings.resolution_px}",
        "modelspec.prediction_type": "epsilon",
        "sshs_model_hash": hash_tensors(tensors),
    }
    save_file(tensors, file, metadata=metadata)


def save_diffusers(file: Path, weights: Mapping[str, Tensor], settings: Settings) -> None:
    """Write what `load_lora_weights` of diffusers reads, with rank and alpha in its header."""
    tensors = {f"unet.{name}": value.to(torch.float16) for name, value in weights.items()}
    modules = sorted({name.removesuffix(_DOWN).removesuffix(_UP) for name in weights})
    config = {
        "unet.r": settings.rank,
        "unet.lora_alpha": settings.network_alpha,
        "unet.target_modules": modules,
    }
    metadata = {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
    save_file(tensors, file, metadata=metadata)


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Hash the tensors' bytes in the order in which safetensors writes them: dtype size, then name.

    Source: addnet_hash_safetensors of kohya: SHA-256 of what follows the header.
    """
    raw = save(dict(tensors))
    start = 8 + int.from_bytes(raw[:8], "little")
    return hashlib.sha256(raw[start:]).hexdigest()
