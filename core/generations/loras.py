"""Which LoRAs a prompt brings in, and which were named; the one place where a prompt is resolved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.accounts.records import Principal
from core.errors import InvalidError
from core.generations.records import Lora
from core.models.records import TrainedModel
from core.models.service import Models
from core.offerings.records import Sampler

LORA_FILE = "lora.safetensors"
MAX_WEIGHT = 2.0


@dataclass(frozen=True)
class Resolved:
    """A prompt as it is drawn, and the LoRAs that go with it."""

    prompt: str
    loras: tuple[Lora, ...]
    samplers: tuple[Sampler, ...] = ()
    """Of those that were made for a few steps."""
    warnings: tuple[str, ...] = ()


async def resolve_loras(
    models: Models,
    principal: Principal,
    prompt: str,
    named: Sequence[tuple[str, float | None]],
    family: str,
) -> Resolved:
    """Find the LoRAs of a generation: (model id, weight), at its usual weight where none is given.

    Raises NotFoundError for what this person may not use, InvalidError for what does not fit.
    """
    found: dict[str, tuple[TrainedModel, float]] = {}
    for model_id, weight in named:
        model = await models.get(principal, model_id)
        found[model.id] = (model, model.default_weight if weight is None else weight)
    used = [(model, weight) for model, weight in found.values() if weight]
    return Resolved(
        prompt=prompt,
        loras=tuple(pin(model, weight, family) for model, weight in used),
        samplers=tuple(model.sampler for model, _ in used if model.sampler is not None),
    )


def pin(model: TrainedModel, weight: float, family: str) -> Lora:
    """Pin a model's file and its weight. Raises InvalidError when it is not a LoRA of this family."""
    if model.family != family:
        raise InvalidError(
            f"“{model.name}” is a model for {model.family}, and the picture is drawn with {family}."
        )
    if not math.isfinite(weight) or abs(weight) > MAX_WEIGHT:
        raise InvalidError(f"A LoRA's weight is a number from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}.")
    file = next((file for file in model.files if file.name == LORA_FILE), None)
    if file is None:
        raise InvalidError(f"“{model.name}” is no LoRA; download it to draw with it.")
    return Lora(
        model=model.id,
        name=model.name,
        owner=model.owner,
        weight=weight,
        key=file.key,
        sha256=file.sha256,
    )
