"""The LoRA as files: kohya's format, which every program loads, and diffusers' own."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from worker.base_models import Family, LoadedBase
from worker.training.lora import list_modules
from worker.training.settings import Settings
from worker.weights_file import write_header

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
_TEXT_ROOT = "text_model."
_SGM_BLOCKS = (
    (r"down_blocks\.(\d)\.attentions\.(\d)", lambda i, j: f"input_blocks.{3 * i + j + 1}.1"),
    (r"mid_block\.attentions\.(\d)", lambda j: "middle_block.1"),
    (r"up_blocks\.(\d)\.attentions\.(\d)", lambda i, j: f"output_blocks.{3 * i + j}.1"),
)
"""How SDXL's original code counts the transformers; kohya's trainer names SDXL's modules so."""


def name_module(path: str, family: Family) -> str:
    """Name a module as kohya's networks/lora.py does, `<component>.<path>` -> `lora_unet_…` or `lora_te…_…`.

    transformers 5 left out the `text_model` that the names of CLIP's modules began with; files keep it.
    """
    component, _, inner = path.partition(".")
    if component == "unet":
        if family.is_sdxl:
            inner = _name_sgm(inner)
        return "lora_unet_" + inner.replace(".", "_")
    prefix = family.text_prefixes[1 if component.endswith("_2") else 0]
    return f"{prefix}_" + (_TEXT_ROOT + inner.removeprefix(_TEXT_ROOT)).replace(".", "_")


def _name_sgm(path: str) -> str:
    for pattern, write in _SGM_BLOCKS:
        if found := re.match(pattern, path):
            return write(*map(int, found.groups())) + path[found.end() :]
    return path


def to_kohya(weights: Mapping[str, Tensor], alpha: float, family: Family) -> dict[str, Tensor]:
    """Name a LoRA as kohya's trainer does, with the alpha of each module, in half precision.

    `unet.a.b.lora_A.weight` -> `lora_unet_a_b.lora_down.weight`. diffusers' own converter loses an
    alpha that differs from the rank.
    """
    named: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        down = name.endswith(_DOWN)
        module = name_module(name.removesuffix(_DOWN if down else _UP), family)
        named[f"{module}.{'lora_down' if down else 'lora_up'}.weight"] = tensor.to(torch.float16)
        named[f"{module}.alpha"] = torch.tensor(alpha, dtype=torch.float16)
    return {key: value.contiguous() for key, value in named.items()}


def save_kohya(file: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Write kohya's format with its header, and the tensors' hash in it."""
    digest = hash_tensors(tensors)
    hashes = {"sshs_model_hash": digest, "modelspec.hash_sha256": f"0x{digest}"}
    write_safetensors(file, tensors, {**metadata, **hashes})


def save_diffusers(file: Path, weights: Mapping[str, Tensor], settings: Settings) -> None:
    """Write what `load_lora_weights` of diffusers reads, with rank and alpha in its header."""
    tensors, config = {}, dict[str, int | float | list[str]]()
    for name, value in weights.items():
        component, _, inner = name.partition(".")
        if component != "unet":
            inner = _TEXT_ROOT + inner.removeprefix(_TEXT_ROOT)
        tensors[f"{component}.{inner}"] = value.to(torch.float16)
        config[f"{component}.r"] = settings.rank
        config[f"{component}.lora_alpha"] = settings.network_alpha
        config[f"{component}.target_modules"] = list(list_modules(component, settings))
    metadata = {"format": "pt", "lora_adapter_metadata": json.dumps(config)}
    write_safetensors(file, tensors, metadata)


def write_safetensors(
    file: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> None:
    """Write a safetensors file with its header sorted: the library's own order differs from run to run."""
    raw = save(dict(tensors))
    start = 8 + int.from_bytes(raw[:8], "little")
    file.write_bytes(write_header(json.loads(raw[8:start]), metadata) + raw[start:])


def load_lora(
    file: Path, base: LoadedBase, adapter: str
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a LoRA file of either format as diffusers does: its tensors, and how its loaders take them."""
    state, alphas, metadata = base.family.pipeline.lora_state_dict(
        str(file.parent),
        weight_name=file.name,
        unet_config=base.unet.config,
        return_lora_metadata=True,
    )
    return state, {"network_alphas": alphas, "adapter_name": adapter, "metadata": metadata}


def hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Hash the tensors' bytes in the order in which safetensors writes them: dtype size, then name.

    Source: addnet_hash_safetensors of kohya: SHA-256 of what follows the header.
    """
    raw = save(dict(tensors))
    start = 8 + int.from_bytes(raw[:8], "little")
    return hashlib.sha256(raw[start:]).hexdigest()
