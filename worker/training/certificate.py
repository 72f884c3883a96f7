"""Checks weights files as strangers would load them, before anybody gets them; apart from what writes them."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file
from torch import Tensor

from core.errors import TrainingError
from worker.base_models import LoadedBase
from worker.training.lora import ADAPTER
from worker.training.weights import load_lora, name_module

_CHECKED = "certificate"
_TOLERANCE = 5e-3
"""Of the largest entry: both factors are rounded to half precision, 2⁻¹¹ each, and then multiplied."""
_TOLERANCE_BF16 = 3e-2
"""A base model in bf16 takes a loaded LoRA's factors as bf16, 2⁻⁸ each."""
Deltas = Mapping[str, Callable[[], Tensor]]
"""What computes each module's delta, by kohya's name: one at a time, as all together are gigabytes."""


def certify(kohya: Path, diffusers: Path, base: LoadedBase) -> None:
    """Check that both files hold the LoRA which `base` carries: every module, finite, the same delta.

    kohya's file is read key by key, as kohya's own loader does, and then both are loaded by
    diffusers beside the trained adapter. Raises TrainingError (`bad_weights`).
    """
    trained = list_deltas(base, ADAPTER)
    _compare(kohya, trained, list_kohya(load_file(kohya)), _TOLERANCE)
    is_half = base.unet.dtype is torch.bfloat16
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft warns of a second adapter, which is what is wanted
        for file in (kohya, diffusers):
            with _load_by_diffusers(file, base) as found:
                _compare(file, trained, found, _TOLERANCE_BF16 if is_half else _TOLERANCE)


@contextmanager
def _load_by_diffusers(file: Path, base: LoadedBase) -> Iterator[Deltas]:
    """Load a file beside the trained adapter, yield what it adds, and take it out again."""
    pipeline = base.family.pipeline
    state, given = load_lora(file, base, _CHECKED)
    given["low_cpu_mem_usage"] = True  # no weights are drawn only to be replaced
    loaded = []
    try:
        for component, module in base.components.items():
            if not any(key.startswith(f"{component}.") for key in state):
                continue
            loaded.append(module)
            if component == "unet":
                pipeline.load_lora_into_unet(state, unet=module, **given)
            else:
                pipeline.load_lora_into_text_encoder(
                    state, text_encoder=module, prefix=component, **given
                )
        yield list_deltas(base, _CHECKED)
    finally:
        for module in loaded:
            _forget(module)


def _forget(module: Any) -> None:  # of diffusers or transformers, which share no type
    remove = getattr(module, "delete_adapters", None) or module.delete_adapter
    remove(_CHECKED)
    if ADAPTER in module.peft_config:
        module.set_adapter(ADAPTER)


def list_deltas(base: LoadedBase, adapter: str) -> Deltas:
    """List what an adapter adds to each module."""
    return {
        name_module(f"{component}.{name}", base.family): partial(_get_delta, module, adapter)
        for component, network in base.components.items()
        for name, module in network.named_modules()
        if isinstance(module, LoraLayer) and adapter in module.lora_A
    }


@torch.no_grad()
def _get_delta(module: Any, adapter: str) -> Tensor:  # peft's layers share no typed method
    """Get what an adapter adds to a module, `up @ down * alpha / rank`, [out, in].

    Source: Hu et al. 2021, section 4.1.
    """
    delta: Tensor = module.get_delta_weight(adapter).float().cpu().flatten(1)
    return delta


def list_kohya(tensors: Mapping[str, Tensor]) -> Deltas:
    """List what a kohya file, `<module>.lora_{down,up}.weight` and `.alpha`, adds to each module."""
    ends = ".lora_down.weight"
    names = [key.removesuffix(ends) for key in tensors if key.endswith(ends)]
    return {name: partial(_merge, tensors, name) for name in names}


def read_kohya(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Merge all the factors of a kohya file, to [out, in] a module."""
    return {name: get_delta() for name, get_delta in list_kohya(tensors).items()}


def _merge(tensors: Mapping[str, Tensor], module: str) -> Tensor:
    """Merge one module's factors.

    Source: networks/lora.py of sd-scripts (scale = alpha / rank).
    """
    down, up = (tensors[f"{module}.lora_{name}.weight"].float() for name in ("down", "up"))
    scale = float(tensors[f"{module}.alpha"]) / down.shape[0]
    return up.flatten(1) @ down.flatten(1) * scale


def _compare(file: Path, trained: Deltas, found: Deltas, tolerance: float) -> None:
    if trained.keys() != found.keys():
        raise _bad(file, f"{len(trained.keys() ^ found.keys())} modules differ")
    for module, get_trained in trained.items():
        delta, given = get_trained(), found[module]()
        if not bool(torch.isfinite(given).all()):
            raise _bad(file, f"{module} is not finite")
        if bool((given - delta).abs().max() > tolerance * delta.abs().max() + 1e-6):
            raise _bad(file, f"{module} is not what was trained")


def _bad(file: Path, reason: str) -> TrainingError:
    return TrainingError(
        f"The trained file {file.name} did not pass its check ({reason}). Try a lower learning "
        "rate; all points were returned.",
        code="bad_weights",
    )
