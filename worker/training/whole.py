"""The whole UNet as what is trained and written: a diffusers folder and one file with the original names."""

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from core.errors import TrainingError
from core.offerings.records import BaseModel
from worker.base_models import LoadedBase, find_source, load_pipeline
from worker.training.card import write_whole_card
from worker.training.lora import get_weights
from worker.training.metadata import write_whole_metadata
from worker.training.original_names import name_original
from worker.training.publishing import Trained
from worker.training.settings import Settings
from worker.training.weights import hash_tensors, write_safetensors

FAMILIES = frozenset({"tiny", "sd15"})
"""Whose names the single file's mapper knows."""
_BYTES_EACH = {"adamw": 16, "adamw-8bit": 10, "prodigy": 24, "adafactor": 9}
"""For each weight: itself, its gradient and the optimiser's state."""
_PREFIX = "unet."


def open_whole(base: LoadedBase, settings: Settings) -> dict[str, nn.Parameter]:
    """Make every weight of the UNet trainable, and return them by `unet.<name>`.

    Raises TrainingError (`out_of_memory`) before the first step where they cannot fit.
    """
    if base.family.name not in FAMILIES:
        raise TrainingError(
            f"The whole network of {base.family.name} is not trained, only a LoRA on it. All points "
            "were returned.",
            code="output_impossible",
        )
    count = sum(parameter.numel() for parameter in base.unet.parameters())
    needed, there = count * _BYTES_EACH[settings.optimizer], get_memory_bytes(base)
    if needed > there:
        raise TrainingError(
            f"To train the whole network takes {needed / 1e9:.0f} GB of memory with "
            f"{settings.optimizer}, and this worker has {there / 1e9:.0f} GB. Choose adafactor, or a "
            "LoRA. All points were returned.",
            code="out_of_memory",
        )
    base.unet.requires_grad_(True)
    return {_PREFIX + name: parameter for name, parameter in base.unet.named_parameters()}


def get_memory_bytes(base: LoadedBase) -> int:
    """Get how much memory there is where the UNet is, in use or not."""
    device = base.unet.device
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def write_whole(out: Path, base: LoadedBase, trained: Trained) -> tuple[Path, ...]:
    """Write the model as one file and as a folder for diffusers, its card, and the best weights.

    All are in half precision, as models are shared. Raises TrainingError (`bad_weights`).
    """
    state, validation = trained.state, trained.state.validation
    unet = _halve(get_weights(state.parameters))
    model, folder = out / "model.safetensors", out / "unet"
    _save_model(model, base, unet, (trained, state.step))
    parts = save_folder(folder, base, unet)
    certify_whole(model, folder, trained.task.spec.base_model, unet)
    files = [model, *parts]
    if validation.best_weights and validation.best_step != state.step:
        best = out / f"model-best-step{validation.best_step:06d}.safetensors"
        _save_model(best, base, _halve(validation.best_weights), (trained, validation.best_step))
        files.append(best)
    card = out / "README.md"
    card.write_text(write_whole_card(trained.get_facts(state.step), model.name), encoding="utf-8")
    return (*files, card)


def _halve(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(_PREFIX): value.half() for name, value in weights.items()}


def _save_model(
    file: Path, base: LoadedBase, unet: Mapping[str, Tensor], end: tuple[Trained, int]
) -> None:
    """Write one file with the original names; `end` is the training and the step of the weights."""
    trained, step = end
    named = name_original(base, unet)
    tensors = {name: value.detach().cpu().half().contiguous() for name, value in named.items()}
    digest = {"modelspec.hash_sha256": f"0x{hash_tensors(tensors)}"}
    write_safetensors(file, tensors, {**write_whole_metadata(trained.get_facts(step)), **digest})


def save_folder(folder: Path, base: LoadedBase, unet: Mapping[str, Tensor]) -> tuple[Path, Path]:
    """Write what `UNet2DConditionModel.from_pretrained` reads; the configuration names no path."""
    folder.mkdir(exist_ok=True)
    known = {name: value for name, value in base.unet.config.items() if not name.startswith("_")}
    config, weights = folder / "config.json", folder / "diffusion_pytorch_model.safetensors"
    text = json.dumps({"_class_name": "UNet2DConditionModel", **known}, indent=2, sort_keys=True)
    config.write_text(text + "\n", encoding="utf-8")
    write_safetensors(weights, unet, {"format": "pt"})
    return config, weights


def certify_whole(file: Path, folder: Path, model: BaseModel, unet: Mapping[str, Tensor]) -> None:
    """Check that both, loaded as strangers do, hold every weight that was trained, and finite ones.

    Raises TrainingError (`bad_weights`).
    """
    for place, load in ((file, partial(_load_single, model)), (folder, _load_folder)):
        try:
            reason = _compare(unet, load(place).state_dict())
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = f"it does not load: {type(error).__name__}"
        if reason:
            raise TrainingError(
                f"The trained model ({place.name}) did not pass its check ({reason}). Try a lower "
                "learning rate; all points were returned.",
                code="bad_weights",
            )


def _load_single(model: BaseModel, file: Path) -> UNet2DConditionModel:
    update = {"source": str(file), "config": find_config(model), "revision": ""}
    return load_pipeline(model.model_copy(update=update)).unet


def find_config(model: BaseModel) -> str:
    """Find the folder with a base model's configuration, so that reading it asks no network.

    An empty text is the family's usual one, which a single file was loaded with as well.
    """
    source = model.source
    if model.config or source.startswith("builtin:") or source.endswith(".safetensors"):
        return model.config
    return str(find_source(model))


def _load_folder(folder: Path) -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(folder, low_cpu_mem_usage=False)


def _compare(trained: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> str:
    """Say what is wrong with what was found; an empty text is nothing."""
    if trained.keys() != found.keys():
        return f"{len(trained.keys() ^ found.keys())} weights differ"
    for name, value in trained.items():
        if not bool(torch.isfinite(found[name]).all()):
            return f"{name} is not finite"
        if not torch.equal(found[name].float(), value.float()):
            return f"{name} is not what was trained"
    return ""
