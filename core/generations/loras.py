"""Which LoRAs a prompt brings in, and which were named; the one place where a prompt is resolved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.accounts.records import Principal
from core.errors import InvalidError
from core.generations.records import Lora
from core.models.records import TrainedModel
from core.models.resolution import Resolution
from core.models.resolver import Resolver
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
    resolver: Resolver,
    principal: Principal,
    prompt: str,
    named: Sequence[tuple[str, float | None]],
    family: str,
) -> Resolved:
    """Find the LoRAs of a generation: those that are named, (model id, weight), at its usual weight where
    none is given; and those that the prompt brings in, unless one was named already.

    Raises NotFoundError for what this person may not use, InvalidError for what does not fit.
    """
    resolution = await resolver.resolve(principal, prompt, family)
    found: dict[str, tuple[TrainedModel, float, bool]] = {}
    for model_id, weight in named:
        model = await models.get(principal, model_id)
        found[model.id] = (model, model.default_weight if weight is None else weight, True)
    for brought in resolution.models:
        if brought.id not in found:
            model = await models.get(principal, brought.id)
            if model.find_file(LORA_FILE) is not None:  # what cannot be drawn with is but a word
                found[model.id] = (model, brought.weight, False)
    used = [use for use in found.values() if use[1]]
    return Resolved(
        prompt=resolution.prompt,
        loras=tuple(pin(model, weight, family, is_named) for model, weight, is_named in used),
        samplers=tuple(model.sampler for model, _, _ in used if model.sampler is not None),
        warnings=(*resolution.warnings, *_tell_renamed(resolution)),
    )


def _tell_renamed(resolution: Resolution) -> list[str]:
    return [f"“{word.old}” is called “{word.now}” now." for word in resolution.renamed]


def pin(model: TrainedModel, weight: float, family: str, is_named: bool) -> Lora:
    """Pin a model's file and its weight. Raises InvalidError when it is not a LoRA of this family."""
    if model.family != family:
        raise InvalidError(
            f"“{model.name}” is a model for {model.family}, and the picture is drawn with {family}."
        )
    if not math.isfinite(weight) or abs(weight) > MAX_WEIGHT:
        raise InvalidError(f"A LoRA's weight is a number from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}.")
    file = model.find_file(LORA_FILE)
    if file is None:
        raise InvalidError(f"“{model.name}” is no LoRA; download it to draw with it.")
    return Lora(
        model=model.id,
        name=model.name,
        owner=model.owner,
        weight=weight,
        is_named=is_named,
        key=file.key,
        sha256=file.sha256,
    )
