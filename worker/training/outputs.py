"""What a training changes and what it is written as: a LoRA, or the whole denoising network."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from core.offerings.records import BaseModel, Output
from worker.base_models import LoadedBase, load_base
from worker.training.lora import add_lora
from worker.training.publishing import Trained, write_files
from worker.training.settings import Settings
from worker.training.whole import open_whole, write_whole

_DTYPES = {"no": torch.float32, "bf16": torch.bfloat16}


class Product(Protocol):
    """What one kind of output needs at the beginning and at the end of a training."""

    def load(self, model: BaseModel, settings: Settings) -> LoadedBase:
        """Load the base model in the precision that is trained in."""
        ...

    def add(self, base: LoadedBase, settings: Settings) -> dict[str, nn.Parameter]:
        """Return what is trained by `<component>.<name>`, in full precision."""
        ...

    def write(self, out: Path, base: LoadedBase, trained: Trained) -> tuple[Path, ...]:
        """Write the files, the main one first, and check them. Raises TrainingError (`bad_weights`)."""
        ...


class Lora:
    """A LoRA beside a frozen base model, which half precision makes smaller."""

    def load(self, model: BaseModel, settings: Settings) -> LoadedBase:
        return load_base(model, _DTYPES[settings.mixed_precision])

    def add(self, base: LoadedBase, settings: Settings) -> dict[str, nn.Parameter]:
        return add_lora(base, settings)

    def write(self, out: Path, base: LoadedBase, trained: Trained) -> tuple[Path, ...]:
        return write_files(out, base, trained)


class Checkpoint:
    """Every weight of the UNet, kept in full precision; bf16 is for computing with them only.

    Source: Micikevicius et al. 2018, section 3.1: small changes vanish in half precision weights.
    """

    def load(self, model: BaseModel, settings: Settings) -> LoadedBase:
        return replace(load_base(model), is_mixed=settings.mixed_precision == "bf16")

    def add(self, base: LoadedBase, settings: Settings) -> dict[str, nn.Parameter]:
        return open_whole(base, settings)

    def write(self, out: Path, base: LoadedBase, trained: Trained) -> tuple[Path, ...]:
        return write_whole(out, base, trained)


OUTPUTS: Mapping[Output, Product] = {Output.LORA: Lora(), Output.CHECKPOINT: Checkpoint()}
