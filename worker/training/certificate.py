"""Checks weights files as strangers would load them, before anybody gets them; apart from what writes them."""

import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from torch import Tensor

from core.errors import TrainingError
from worker.training.lora import ADAPTER

_CHECKED = "certificate"
_TOLERANCE = 5e-3
"""Of the largest entry: both factors are rounded to half precision, 2⁻¹¹ each, and then multiplied."""


def certify(kohya: Path, diffusers: Path, unet: UNet2DConditionModel) -> None:
    """Check that both files hold the LoRA which `unet` carries: every module, finite, the same delta.

    kohya's file is read key by key, as kohya's own loader does, and then both are loaded by
    diffusers beside the trained adapter. Raises TrainingError (`bad_weights`).
    """
    trained = get_deltas(unet, ADAPTER)
    _compare(kohya, trained, read_kohya(load_file(kohya)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of a second adapter, which is what is wanted
        for file in (kohya, diffusers):
            _compare(file, trained, _load_by_diffusers(file, unet))


def _load_by_diffusers(file: Path, unet: UNet2DConditionModel) -> dict[str, Tensor]:
    """Load a file beside the trained adapter, read what it adds, and take it out again."""
    state, alphas, metadata = StableDiffusionPipeline.lora_state_dict(
        str(file.parent), weight_name=file.name, return_lora_metadata=True
    )
    StableDiffusionPipeline.load_lora_into_unet(
        state, network_alphas=alphas, unet=unet, adapter_name=_CHECKED, metadata=metadata
    )
    try:
        return get_deltas(unet, _CHECKED)
    finally:
        unet.delete_adapters(_CHECKED)
        unet.set_adapter(ADAPTER)


@torch.no_grad()
def get_deltas(unet: UNet2DConditionModel, adapter: str) -> dict[str, Tensor]:
    """Get what an adapter adds to each module, `up @ down * alpha / rank`, [out, in], by kohya's name.

    Source: Hu et al. 2021, section 4.1.
    """
    return {
        name.replace(".", "_"): module.get_delta_weight(adapter).float().cpu()
        for name, module in unet.named_modules()
        if isinstance(module, LoraLayer) and adapter in module.lora_A
    }


def read_kohya(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Merge the factors of a kohya file, `lora_unet_<module>.lora_{down,up}.weight` and `.alpha`.

    Source: networks/lora.py of sd-scripts (scale = alpha / rank).
    """
    deltas = {}
    for key in tensors:
        if key.endswith(".lora_down.weight"):
            module = key.removesuffix(".lora_down.weight")
            down, up = tensors[key].float(), tensors[f"{module}.lora_up.weight"].float()
            scale = float(tensors[f"{module}.alpha"]) / down.shape[0]
            deltas[module.removeprefix("lora_unet_")] = up @ down * scale
    return deltas


def _compare(file: Path, trained: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    if trained.keys() != found.keys():
        raise _bad(file, f"{len(trained.keys() ^ found.keys())} modules differ")
    for module, delta in trained.items():
        if not bool(torch.isfinite(found[module]).all()):
            raise _bad(file, f"{module} is not finite")
        if bool((found[module] - delta).abs().max() > _TOLERANCE * delta.abs().max() + 1e-6):
            raise _bad(file, f"{module} is not what was trained")


def _bad(file: Path, reason: str) -> TrainingError:
    return TrainingError(
        f"The trained file {file.name} did not pass its check ({reason}). Try a lower learning "
        "rate; all points were returned.",
        code="bad_weights",
    )
