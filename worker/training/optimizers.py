"""Optimisers by name, and their state as plain tensors and numbers that restore bit for bit."""

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import torch
from prodigyopt import Prodigy
from torch import Tensor, nn
from transformers.optimization import Adafactor

from core.errors import TrainingError
from worker.training.settings import Settings

Numbers = dict[str, dict[str, float]]


def make_optimizer(
    parameters: Mapping[str, nn.Parameter], settings: Settings
) -> torch.optim.Optimizer:
    """Make the optimiser over two groups: the UNet's weights, and the text encoders'.

    Prodigy finds its own rate, so both of its groups start from 1 and the schedule scales that.
    Source: Mishchenko & Defazio 2023; Shazeer & Stern 2018 with a fixed rate, as kohya runs it;
    Dettmers et al. 2022 for 8 bits.
    """
    is_unet = {name: name.startswith("unet.") for name in parameters}
    rates = {True: settings.learning_rate, False: settings.text_encoder_learning_rate}
    groups: list[dict[str, Any]] = []  # torch types groups so
    for kind, rate in rates.items():
        params = [p for name, p in parameters.items() if is_unet[name] is kind]
        rate = 1.0 if settings.optimizer == "prodigy" else rate
        if params:
            groups.append({"params": params, "lr": rate, "initial_lr": rate})
    decay = settings.weight_decay
    match settings.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, weight_decay=decay, fused=True)
        case "adamw-8bit":
            return _make_adamw_8bit(groups, decay)
        case "adafactor":
            made = Adafactor(groups, weight_decay=decay, scale_parameter=False, relative_step=False)
        case "prodigy":
            with contextlib.redirect_stdout(io.StringIO()):  # it prints, and lines are our protocol
                made = Prodigy(
                    groups, weight_decay=decay, use_bias_correction=True, safeguard_warmup=True
                )
    optimizer: torch.optim.Optimizer = made
    return optimizer


def _make_adamw_8bit(groups: list[dict[str, Any]], decay: float) -> torch.optim.Optimizer:
    try:
        import bitsandbytes
    except ImportError as error:
        raise TrainingError(
            "This worker has no 8-bit optimiser: bitsandbytes is not installed. Choose adamw and try "
            "again; all points were returned.",
            code="optimizer_missing",
        ) from error
    optimizer: torch.optim.Optimizer = bitsandbytes.optim.AdamW8bit(groups, weight_decay=decay)
    return optimizer


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Set each group's rate to a factor of what it starts from."""
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * factor


def get_state(
    parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> tuple[dict[str, Tensor], Numbers]:
    """Get an optimiser's state: tensors by `<parameter>|<key>`, and numbers by parameter or group.

    No two tensors share memory, which safetensors refuses: 8-bit AdamW has one code book for all.
    """
    tensors: dict[str, Tensor] = {}
    seen = set[int]()
    numbers: Numbers = {
        f"group {index}": {k: v for k, v in group.items() if isinstance(v, int | float)}
        for index, group in enumerate(optimizer.param_groups)
    }
    for name, parameter in parameters.items():
        for key, value in optimizer.state[parameter].items():
            if isinstance(value, Tensor):
                value = value.detach().contiguous()
                is_shared = value.data_ptr() in seen
                tensors[f"{name}|{key}"] = value.clone() if is_shared else value
                seen.add(value.data_ptr())
            elif isinstance(value, int | float):
                numbers.setdefault(name, {})[key] = value
    return tensors, numbers


def set_state(
    parameters: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    saved: tuple[Mapping[str, Tensor], Numbers],
) -> None:
    """Put back what `get_state` took out."""
    tensors, numbers = saved
    for index, group in enumerate(optimizer.param_groups):
        group.update(numbers[f"group {index}"])
    for name, parameter in parameters.items():
        prefix = f"{name}|"
        state: dict[str, Any] = dict(numbers.get(name, {}))  # each optimiser has its own keys
        for key, value in tensors.items():
            if key.startswith(prefix):
                state[key.removeprefix(prefix)] = value.to(parameter.device)
        if state:
            optimizer.state[parameter] = state
