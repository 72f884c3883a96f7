"""What somebody wants to have drawn, and the checks between that and a GenerationSpec."""

import hashlib
import json
import secrets
from collections.abc import Sequence

from pydantic import Field

from core.errors import InvalidError
from core.generations.loras import Resolved
from core.generations.records import GenerationSpec
from core.offerings.generation import FEW_STEPS, SIZE_STEP_PX, USUAL, GenerationOffer
from core.offerings.records import Acceleration, BaseModel, GenerationInputs, ParamValue, Sampler
from core.offerings.service import resolve_params
from core.records import Value
from core.texts import clean_text

MAX_PROMPT_CHARACTERS = 2000
MAX_SEED = 2**31 - 1


class LoraWish(Value):
    """A model that is wanted in the picture; without a weight at its own usual one."""

    model: str
    weight: float | None = None


class GenerationWishes(Value):
    """What a person asked for, as typed."""

    prompt: str
    negative_prompt: str = ""
    base_model: str = ""
    loras: tuple[LoraWish, ...] = ()
    seed: int | None = None
    """None draws one."""
    params: dict[str, ParamValue] = Field(default_factory=dict)

    def hash(self) -> str:
        """Hash what was asked for, so that a repeated key can be told from a reused one."""
        params = {name: self.params[name] for name in sorted(self.params)}
        content = {**self.model_dump(mode="json"), "params": params}
        return hashlib.sha256(json.dumps(["generation", content]).encode()).hexdigest()


def wish_again(spec: GenerationSpec) -> GenerationWishes:
    """Wish for the same pictures once more; what the prompt brought in, it brings in again."""
    return GenerationWishes(
        prompt=spec.typed_prompt,
        negative_prompt=spec.negative_prompt,
        base_model=spec.base_model.id,
        loras=tuple(LoraWish(model=m.model, weight=m.weight) for m in spec.loras if m.is_named),
        seed=spec.seed,
        params={
            "width_px": spec.width_px,
            "height_px": spec.height_px,
            "steps": spec.steps,
            "guidance_scale": spec.guidance_scale,
            "count": spec.count,
            "sampler": spec.sampler,
        },
    )


def check_prompt(prompt: str, negative_prompt: str = "") -> tuple[str, str]:
    """Return both prompts clean. Raises InvalidError."""
    clean, negative = clean_text(prompt), clean_text(negative_prompt)
    if not any(character.isalnum() for character in clean):
        raise InvalidError("Write what the picture shall show.")
    if max(len(clean), len(negative)) > MAX_PROMPT_CHARACTERS:
        raise InvalidError(f"A prompt has at most {MAX_PROMPT_CHARACTERS} characters.")
    return clean, negative


def specify(
    wishes: GenerationWishes, base_model: BaseModel, offer: GenerationOffer, resolved: Resolved
) -> tuple[GenerationSpec, GenerationInputs]:
    """Check wishes against the offer's bounds; a seed that nobody gave is drawn. Raises InvalidError."""
    prompt, negative = check_prompt(wishes.prompt, wishes.negative_prompt)
    if len(resolved.loras) > offer.max_loras:
        raise InvalidError(
            f"At most {offer.max_loras} LoRAs go into one picture; leave {len(resolved.loras) - offer.max_loras} out."
        )
    if wishes.seed is not None and not 0 <= wishes.seed <= MAX_SEED:
        raise InvalidError(f"A seed is a whole number from 0 to {MAX_SEED}.")
    params = resolve_params(offer, wishes.params)
    acceleration = _choose_acceleration(str(params["sampler"]), base_model, resolved.samplers)
    if acceleration is not None:
        usual = {"steps": acceleration.steps, "guidance_scale": acceleration.guidance_scale}
        params |= {name: v for name, v in usual.items() if name not in wishes.params}
    width_px, height_px = int(params["width_px"]), int(params["height_px"])
    if width_px % SIZE_STEP_PX or height_px % SIZE_STEP_PX:
        raise InvalidError(f"Width and height are multiples of {SIZE_STEP_PX}.")
    spec = GenerationSpec(
        base_model=base_model,
        typed_prompt=prompt,
        prompt=resolved.prompt,
        negative_prompt=negative,
        width_px=width_px,
        height_px=height_px,
        steps=int(params["steps"]),
        guidance_scale=float(params["guidance_scale"]),
        scheduler="ddim" if acceleration is None else acceleration.scheduler,
        acceleration=acceleration,
        seed=secrets.randbelow(MAX_SEED) if wishes.seed is None else wishes.seed,
        count=int(params["count"]),
        loras=resolved.loras,
        warnings=resolved.warnings,
    )
    rates = offer.price.model_dump(exclude={"class_image_steps"})
    sizes = {"width_px": width_px, "height_px": height_px}
    return spec, GenerationInputs(steps=spec.steps, count=spec.count, **sizes, **rates)


def _choose_acceleration(
    sampler: str, base_model: BaseModel, made_for: Sequence[Sampler]
) -> Acceleration | None:
    """Return the few-step LoRA to draw with: as asked, else as the first LoRA that was made for one."""
    if sampler == USUAL or (sampler != FEW_STEPS and not made_for):
        return None
    acceleration = base_model.acceleration
    if acceleration is None:
        raise InvalidError(f"{base_model.name} has no few-step sampler; set sampler=usual.")
    if not made_for:
        return acceleration
    wanted = made_for[0]
    if wanted.acceleration != acceleration.id:
        raise InvalidError(
            f"A LoRA was made for the few-step sampler {wanted.acceleration}, which is no longer "
            "offered; set sampler=usual."
        )
    if wanted.acceleration_sha256:
        return acceleration.model_copy(update={"sha256": wanted.acceleration_sha256})
    return acceleration
