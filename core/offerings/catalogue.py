"""Reads offerings and base models from TOML text and says which line is wrong; the files themselves are config's."""

import re
import tomllib
from typing import Any, TypeVar

from pydantic import ValidationError

from core.errors import InvalidError, RefusedError
from core.offerings.dreambooth import PRIOR_PARAMS
from core.offerings.generation import GENERATION_PARAMS, GenerationOffer
from core.offerings.records import BaseModel, Method, Offering, Output, Param, Status
from core.offerings.service import check_param
from core.records import Value

V = TypeVar("V", bound=Value)

REQUIRED_PARAMS = ("steps", "train_batch_size", "resolution_px")
"""What the price formula reads."""
LORA_PARAMS = frozenset(
    {
        "rank",
        "network_alpha",
        "network_dropout",
        "target_modules",
        "train_text_encoder",
        "text_encoder_learning_rate",
    }
)
"""Settings that only a LoRA reads."""
CHECKPOINT_FAMILIES = frozenset({"tiny", "sd15"})
"""Whose whole network is trained; SDXL's needs 41 GB for weights, gradients and optimiser alone."""


def parse_base_models(text: str, origin: str) -> list[BaseModel]:
    """Parse `[[base_model]]` tables. Raises InvalidError as `origin:line: what is wrong`."""
    return [
        _build(BaseModel, table, f"{origin}:{line}")
        for table, line in _read_tables(text, "base_model", origin)
    ]


def parse_offerings(
    text: str, origin: str, base_models: list[BaseModel], known_params: frozenset[str]
) -> list[Offering]:
    """Parse `[[offering]]` tables and check them against the base models and the trainer's parameters.

    `known_params` are the parameters that the trainer reads; one that it does not read is refused,
    so nothing a person can set is without effect. Raises InvalidError as `origin:line: …`.
    """
    models = {model.id: model for model in base_models}
    offerings: list[Offering] = []
    for table, line in _read_tables(text, "offering", origin):
        place = f"{origin}:{line}"
        table["params"] = _read_params(table, place)
        offering = _build(Offering, table, place)
        _check_base_models(offering, models, place)
        _check_offering(offering, known_params, place)
        if any(other.id == offering.id for other in offerings):
            raise InvalidError(f"{place}: offering {offering.id} is defined twice")
        offerings.append(offering)
    return offerings


def parse_generations(
    text: str, origin: str, base_models: list[BaseModel]
) -> list[GenerationOffer]:
    """Parse `[[generation]]` tables, a family each. Raises InvalidError as `origin:line: …`."""
    families = {model.id: model.family for model in base_models}
    offers: list[GenerationOffer] = []
    for table, line in _read_tables(text, "generation", origin):
        place = f"{origin}:{line}"
        table["params"] = _read_params(table, place)
        offer = _build(GenerationOffer, table, place)
        for model in offer.base_models:
            if families.get(model) != offer.family:
                raise InvalidError(f"{place}: {model} is no base model of family {offer.family}")
        if (names := tuple(param.name for param in offer.params)) != GENERATION_PARAMS:
            wanted = ", ".join(GENERATION_PARAMS)
            raise InvalidError(f"{place}: the settings are {wanted}, and not {', '.join(names)}")
        _check_defaults(offer.params, place)
        if any(other.family == offer.family for other in offers):
            raise InvalidError(f"{place}: family {offer.family} is there twice")
        offers.append(offer)
    return offers


def _read_params(table: dict[str, Any], place: str) -> list[Param]:
    params = table.pop("params", {})
    if not isinstance(params, dict):
        raise InvalidError(f"{place}: params must be a table of settings")
    return [
        _build(Param, {"name": name, **param}, f"{place}: setting {name}")
        for name, param in params.items()
    ]


def _check_base_models(offering: Offering, known: dict[str, BaseModel], place: str) -> None:
    for name in offering.base_models:
        model = known.get(name)
        if model is None:
            raise InvalidError(f"{place}: base model {name} is not in the base model file")
        if model.family != offering.family:
            raise InvalidError(f"{place}: base model {name} is not of family {offering.family}")
        if offering.method is Method.HYPER_LORA and model.acceleration is None:
            raise InvalidError(
                f"{place}: base model {name} has no acceleration, which hyper-lora needs"
            )


def _check_offering(offering: Offering, known_params: frozenset[str], place: str) -> None:
    if offering.max_images < offering.min_images:
        raise InvalidError(f"{place}: max_images is below min_images")
    names = {param.name for param in offering.params}
    if missing := [name for name in REQUIRED_PARAMS if name not in names]:
        raise InvalidError(f"{place}: setting {missing[0]} is missing; the price needs it")
    unused = sorted(names - known_params)
    if unused and offering.status is Status.AVAILABLE:
        raise InvalidError(f"{place}: the trainer does not read the setting {unused[0]}")
    _check_kind(offering, names, place)
    _check_defaults(offering.params, place)


def _check_defaults(params: tuple[Param, ...], place: str) -> None:
    for param in params:
        try:
            check_param(param, param.default)
        except RefusedError as error:
            raise InvalidError(f"{place}: default of {param.name}: {error.message}") from error


def _check_kind(offering: Offering, names: set[str], place: str) -> None:
    """Refuse settings that the method or the output does not read, and outputs that cannot be made."""
    unread: set[str] = set()
    if offering.output is Output.LORA and not {"rank", "network_alpha"} <= names:
        raise InvalidError(f"{place}: output lora needs the settings rank and network_alpha")
    if offering.method is not Method.DREAMBOOTH:
        unread |= names & PRIOR_PARAMS
    if offering.output is Output.CHECKPOINT:
        unread |= names & LORA_PARAMS
        if offering.method is not Method.DREAMBOOTH or offering.family not in CHECKPOINT_FAMILIES:
            known = ", ".join(sorted(CHECKPOINT_FAMILIES))
            raise InvalidError(
                f"{place}: output checkpoint is for the method dreambooth and the families {known}; "
                "use output lora"
            )
    if unread:
        raise InvalidError(
            f"{place}: {offering.method} with output {offering.output} does not read the setting "
            f"{min(unread)}"
        )


def _read_tables(text: str, name: str, origin: str) -> list[tuple[dict[str, Any], int]]:
    """Read the tables of an array with the line on which each begins."""
    try:
        tables = tomllib.loads(text).get(name, [])
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"{origin}: {error}") from error
    header = re.compile(rf"^\s*\[\[\s*{name}\s*\]\]")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if header.match(line)]
    if not tables or len(tables) != len(lines):
        raise InvalidError(f"{origin}: there is no [[{name}]] table")
    return list(zip(tables, lines, strict=True))


def _build(kind: type[V], table: dict[str, Any], place: str) -> V:
    try:
        return kind.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidError(f"{place}: {field}: {first['msg']}") from error
