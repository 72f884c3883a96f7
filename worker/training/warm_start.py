"""Training on from a LoRA that was trained before: its file put into fresh layers at the same strength."""

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.errors import TrainingError
from worker.training.lora import ADAPTER, set_weights
from worker.training.settings import Settings

_TEXT_ROOT = "text_model."
_UP = ".lora_B.weight"


def start_from(file: Path, parameters: Mapping[str, nn.Parameter], settings: Settings) -> None:
    """Put the weights of a file in diffusers' format, as save_diffusers writes it, into fresh layers.

    The file's alpha may differ: up is scaled, so that the delta stays what it was. Raises
    TrainingError (`invalid_data`) when modules or rank differ.
    """
    try:
        with safe_open(file, "pt") as saved:
            config = json.loads((saved.metadata() or {})["lora_adapter_metadata"])
            found = {_shorten(name): saved.get_tensor(name) for name in saved.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise _unfit("it is damaged, or not one of ours") from error
    weights: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        plain = name.replace(f".{ADAPTER}.", ".")
        tensor = found.get(_shorten(plain))
        if tensor is None or tensor.shape != parameter.shape:
            raise _unfit("train with the same rank, target_modules and train_text_encoder")
        component = plain.split(".")[0]
        strength = config[f"{component}.lora_alpha"] / config[f"{component}.r"]
        scale = strength / (settings.network_alpha / settings.rank)
        weights[plain] = tensor.float() * (scale if plain.endswith(_UP) else 1)
    set_weights(parameters, weights)


def _shorten(name: str) -> str:
    """Leave out what some versions of transformers put into the names of CLIP's modules."""
    component, _, path = name.partition(".")
    return f"{component}.{path.removeprefix(_TEXT_ROOT)}"


def _unfit(reason: str) -> TrainingError:
    return TrainingError(
        f"The LoRA to train on from does not fit this training: {reason}. All points were returned.",
        code="invalid_data",
    )
