"""The catalogue of offerings, and the checks between a person's wishes and a TrainingSpec."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence

from pydantic import Field

from core.datasets.buckets import Size
from core.errors import InvalidError, NotFoundError, RefusedError
from core.offerings.captioning import CaptionOffer
from core.offerings.dreambooth import check_class_prompt, name_subject
from core.offerings.epochs import EPOCHS, resolve_steps
from core.offerings.generation import GenerationOffer
from core.offerings.price import make_quote
from core.offerings.records import (
    BaseModel,
    Offering,
    Param,
    ParamValue,
    Quote,
    Status,
    TrainingSpec,
)
from core.records import Value
from core.texts import clean_text

MAX_TRIGGER_CHARACTERS = 60
MAX_PROMPT_CHARACTERS = 500
MAX_PROMPTS = 6
MAX_SAMPLES = 300
"""A job's samples stand in its record, which is written with each heartbeat."""


class TrainingWishes(Value):
    """What a person asked for, as typed."""

    offering: str
    base_model: str = ""
    trigger_words: tuple[str, ...] = ()
    class_prompt: str = ""
    sample_prompts: tuple[str, ...] = ()
    start_from: str = ""
    """One's own model to train further; empty starts from the base model."""
    params: dict[str, ParamValue] = Field(default_factory=dict)

    def hash_for(self, dataset_id: str) -> str:
        """Hash what was asked for, so that a repeated key can be told from a reused one."""
        params = {name: self.params[name] for name in sorted(self.params)}
        content = [dataset_id, {**self.model_dump(), "params": params}]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


class Offerings:
    """What can be bought; built from files once, never changed while running."""

    def __init__(
        self,
        offerings: Sequence[Offering],
        base_models: Sequence[BaseModel],
        generations: Sequence[GenerationOffer] = (),
        captions: CaptionOffer | None = None,
    ) -> None:
        self.captions = captions or CaptionOffer()
        self._offerings = {offering.id: offering for offering in offerings}
        self._base_models = {model.id: model for model in base_models}
        self._generations = {name: offer for offer in generations for name in offer.base_models}

    def list_base_models(self) -> list[BaseModel]:
        """List what can be trained on and drawn with."""
        return list(self._base_models.values())

    def list_all(self) -> list[Offering]:
        return [o for o in self._offerings.values() if o.status is not Status.RETIRED]

    def get(self, offering_id: str) -> Offering:
        """Return an offering. Raises NotFoundError naming those that exist."""
        offering = self._offerings.get(offering_id)
        if offering is None:
            known = ", ".join(o.id for o in self.list_all())
            raise NotFoundError(f"There is no offering “{offering_id[:60]}”. There are: {known}.")
        return offering

    def get_base_model(self, offering: Offering, base_model: str) -> BaseModel:
        """Return a base model of the offering, its first one when none is named."""
        chosen = base_model or offering.base_models[0]
        if chosen not in offering.base_models:
            known = ", ".join(offering.base_models)
            raise InvalidError(f"{offering.name} trains on: {known}.", field="base_model")
        return self._base_models[chosen]

    def list_generations(self) -> dict[BaseModel, GenerationOffer]:
        """Map each base model that pictures can be generated with to its bounds and rates."""
        return {self._base_models[name]: offer for name, offer in self._generations.items()}

    def get_generation(self, base_model: str) -> tuple[BaseModel, GenerationOffer]:
        """Return a base model to generate with and its bounds; the first one when none is named."""
        chosen = base_model or next(iter(self._generations), "")
        if chosen not in self._generations:
            known = ", ".join(self._generations)
            raise InvalidError(f"Pictures can be generated with: {known}.")
        return self._base_models[chosen], self._generations[chosen]

    def check_available(self, spec: TrainingSpec) -> None:
        """Raise RefusedError when what was bought once cannot be bought any more."""
        offering = self._offerings.get(spec.offering)
        available = offering is not None and offering.status is Status.AVAILABLE
        if offering is None or not available or spec.base_model.id not in offering.base_models:
            name = offering.name if offering else spec.offering
            raise RefusedError(
                f"{name} on {spec.base_model.name} is no longer offered; submit a new training."
            )

    def counts_epochs(self, wishes: TrainingWishes) -> bool:
        """Tell whether the price depends on the dataset's pictures."""
        param = self.get(wishes.offering).find_param(EPOCHS)
        return bool(wishes.params.get(EPOCHS, param.default if param else 0))

    def specify(
        self, wishes: TrainingWishes, sizes: Sequence[Size] | None = None
    ) -> tuple[TrainingSpec, Quote]:
        """Check wishes against the offering and price them; `sizes` are the pictures', for epochs.

        Raises InvalidError, NotFoundError, RefusedError.
        """
        offering = self.get(wishes.offering)
        if offering.status is not Status.AVAILABLE:
            raise RefusedError(f"{offering.name} cannot be bought yet.")
        params = resolve_steps(offering, resolve_params(offering, wishes.params), sizes)
        triggers = check_triggers(wishes.trigger_words)
        class_prompt = check_class_prompt(offering, wishes.class_prompt)
        prompts = check_prompts(wishes.sample_prompts) or (name_subject(triggers, class_prompt),)
        check_samples(params, len(prompts))
        spec = TrainingSpec(
            offering=offering.id,
            method=offering.method,
            base_model=self.get_base_model(offering, wishes.base_model),
            trigger_words=triggers,
            sample_prompts=prompts,
            params=params,
            output=offering.output,
            class_prompt=class_prompt,
        )
        return spec, make_quote(offering, params)


def resolve_params(
    offering: Offering | GenerationOffer, given: Mapping[str, ParamValue]
) -> dict[str, ParamValue]:
    """Fill defaults and check bounds. Raises InvalidError naming the parameter and its bounds."""
    for name in given:
        if offering.find_param(name) is None:
            known = ", ".join(param.name for param in offering.params)
            raise InvalidError(
                f"{offering.name} has no setting “{name[:60]}”. It has: {known}.", field="params"
            )
    return {
        param.name: check_param(param, given.get(param.name, param.default))
        for param in offering.params
    }


def check_param(param: Param, value: ParamValue) -> ParamValue:
    """Return the value in its declared type. Raises InvalidError."""
    name, low, high = param.name, param.min, param.max
    field = f"params.{name}"
    if param.kind == "bool":
        if not isinstance(value, bool):
            raise InvalidError(f"{name} is true or false.", field=field)
        return value
    if param.kind == "choice":
        if value not in param.choices:
            raise InvalidError(f"{name} is one of: {', '.join(param.choices)}.", field=field)
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not _is_sane(value):
        raise InvalidError(f"{name} is a number from {low} to {high}.", field=field)
    if param.kind == "int" and value != int(value):
        raise InvalidError(
            f"{name} is a number from {low} to {high}, without a fraction.", field=field
        )
    if (low is not None and value < low) or (high is not None and value > high):
        raise InvalidError(
            f"{name} is a number from {low} to {high}; {value} is outside.", field=field
        )
    return int(value) if param.kind == "int" else float(value)


def _is_sane(value: int | float) -> bool:
    """Tell whether a number is finite and small enough to be a float: an int may have any length."""
    return math.isfinite(value) if isinstance(value, float) else value.bit_length() < 1000


def check_triggers(words: Sequence[str]) -> tuple[str, ...]:
    """Return one to four clean trigger words. Raises InvalidError."""
    clean = tuple(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))
    if not 1 <= len(clean) <= 4:
        raise InvalidError(
            "Give one to four trigger words: the word that brings your model in.",
            field="trigger_words",
        )
    for word in clean:
        if len(word) > MAX_TRIGGER_CHARACTERS or not any(c.isalnum() for c in word):
            raise InvalidError(
                f"A trigger word has letters or digits and at most {MAX_TRIGGER_CHARACTERS} characters.",
                field="trigger_words",
            )
        if any(c in "<>(){}[]:,\\" or not c.isprintable() for c in word):
            raise InvalidError(
                "A trigger word may not contain brackets, colons or commas.", field="trigger_words"
            )
    return clean


def check_prompts(prompts: Sequence[str]) -> tuple[str, ...]:
    """Return at most six sample prompts. Raises InvalidError."""
    clean = tuple(filter(None, map(clean_text, prompts)))
    if len(clean) > MAX_PROMPTS or any(len(prompt) > MAX_PROMPT_CHARACTERS for prompt in clean):
        raise InvalidError(
            f"At most six sample prompts of {MAX_PROMPT_CHARACTERS} characters each.",
            field="sample_prompts",
        )
    return clean


def check_samples(params: Mapping[str, ParamValue], prompts: int) -> None:
    """Raise InvalidError when a training would make more sample pictures than a job can keep."""
    every = int(params.get("sample_every_steps", 0))
    pictures = int(params["steps"]) // every * prompts if every else 0
    if pictures > MAX_SAMPLES:
        raise InvalidError(
            f"This would make {pictures} sample pictures, and at most {MAX_SAMPLES} are kept: "
            "raise sample_every_steps, or give fewer sample prompts.",
            field="params.sample_every_steps",
        )


def check_size(offering: Offering, images: int) -> None:
    """Raise InvalidError when a dataset is below or above an offering's bounds."""
    if not offering.min_images <= images <= offering.max_images:
        raise InvalidError(
            f"{offering.name} needs {offering.min_images} to {offering.max_images} images; "
            f"this dataset has {images}.",
            field="dataset",
        )
