"""LoRAs added to a loaded base model's weights and taken off again, which leaves it bit for bit as it was."""

from collections.abc import Sequence

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from core.errors import TrainingError
from worker.base_models import LoadedBase
from worker.messages import LoraFile
from worker.training.certificate import read_kohya
from worker.training.weights import name_module


class LoraSwap:
    """A base model's weights, and copies of those that LoRAs have changed.

    Adding `weight * up @ down * alpha / rank` is what a loader does that fuses; it takes no layers
    to be made, so a swap costs little, and drawing nothing. Source: Hu et al. 2021, section 4.1.
    """

    def __init__(self, base: LoadedBase) -> None:
        self._weights: dict[str, Tensor] = {
            name_module(f"{component}.{path}", base.family): module.weight
            for component, network in base.components.items()
            for path, module in network.named_modules()
            if isinstance(module, nn.Linear | nn.Conv2d)
        }
        self._originals: dict[str, Tensor] = {}

    @torch.no_grad()
    def put_in(self, loras: Sequence[LoraFile]) -> None:
        """Take off what is in, and add these, in their order. Raises TrainingError (`bad_lora`)."""
        self.take_out()
        sums: dict[str, Tensor] = {}
        for lora in loras:
            for name, delta in self._read(lora).items():
                weight = self._weights[name]
                known = sums.get(name, weight.float())
                added = lora.weight * delta.to(weight.device)
                sums[name] = known + added.view_as(weight)
        for name, total in sums.items():
            self._originals[name] = self._weights[name].to("cpu", copy=True)
            self._weights[name].copy_(total)

    @torch.no_grad()
    def take_out(self) -> None:
        """Put the base model's own weights back."""
        for name, original in self._originals.items():
            self._weights[name].copy_(original)
        self._originals = {}

    def _read(self, lora: LoraFile) -> dict[str, Tensor]:
        """Read what a file in kohya's format adds to each weight, [out, in x kernel]."""
        try:
            deltas = read_kohya(load_file(lora.file))
        except (OSError, KeyError, ValueError, SafetensorError, ZeroDivisionError) as error:
            raise _bad(lora) from error
        fitting = [
            name
            for name, delta in deltas.items()
            if name in self._weights and delta.numel() == self._weights[name].numel()
        ]
        if not deltas or len(fitting) < len(deltas):
            raise _bad(lora)
        return deltas


def _bad(lora: LoraFile) -> TrainingError:
    return TrainingError(
        f"“{lora.name}” could not be put in: its file is damaged or made for another "
        "architecture. All points were returned.",
        code="bad_lora",
    )
