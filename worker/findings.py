"""What an evaluation is asked and what it finds; apart from it, so that who asks need not import torch."""

from pathlib import Path

from pydantic import Field

from core.offerings.records import BaseModel, Method
from core.records import Value
from worker.training.settings import Settings


class CaptionedFile(Value):
    """A picture on disk, with the caption that was trained on."""

    file: Path
    caption: str


class Request(Value):
    """What to compare; `prompts` name the subject as the dataset's captions do."""

    base_model: BaseModel
    lora: Path
    """The kohya-format file, as it was downloaded."""
    dataset: tuple[CaptionedFile, ...] = Field(min_length=1)
    held_out: tuple[CaptionedFile, ...] = Field(min_length=1)
    prompts: tuple[str, ...]
    """With the trigger word; for the eye."""
    controls: tuple[str, ...]
    """Without the trigger word: what the base model could draw before."""
    measured_prompts: tuple[str, ...]
    """With the trigger word; for the distance to the dataset."""
    plain_prompts: tuple[str, ...]
    """The same without the trigger word."""
    settings: Settings
    """What was trained with: resolution, seed and the weights of noise levels."""
    out: Path
    """The folder that pictures are written to."""


class BeforeAfter(Value):
    """One figure of the base model, and of the base model with the LoRA."""

    before: float
    after: float


class Distances(Value):
    """Mean nearest distance to the dataset, see worker/evaluation.py `measure_distance`."""

    held_out: float
    """Of the held-out pictures themselves: as near as a perfect LoRA gets."""
    base_with_trigger: float
    lora_with_trigger: float
    lora_without_trigger: float


class Drawn(Value):
    """Pictures drawn at the same seeds, in the order of their prompts."""

    before: tuple[Path, ...]
    after: tuple[Path, ...]


GENTLE_WEIGHT = 0.5
"""The weight at which the controls are drawn once more."""


class Controls(Value):
    """Share of controls that show the shape and the colours asked for."""

    before: float
    full_weight: float
    gentle_weight: float


class Evaluation(Value):
    """Everything that was found."""

    held_out_loss: BeforeAfter
    held_out_training_loss: BeforeAfter
    """The same, weighed as the training's loss was, so that both fit on one axis."""
    held_out_loss_by_timestep: tuple[tuple[int, float, float], ...]
    """Timestep, before, after."""
    distances: Distances
    controls_right: Controls | None
    """None where no control names a scene that can be read."""
    prompts: Drawn
    controls: Drawn
    gentle_controls: tuple[Path, ...]
    """The controls with the LoRA at GENTLE_WEIGHT."""


class GlanceRequest(Value):
    """What to show at a glance, drawn as the method's models are sampled."""

    base_model: BaseModel
    method: Method
    loras: tuple[Path, ...]
    """kohya-format files, each shown alone."""
    prompts: tuple[str, ...]
    class_prompt: str = ""
    """What a LoRA should not forget; empty where that is not asked."""
    dataset: tuple[Path, ...] = ()
    """Pictures that what is drawn should come near to; empty where that is not asked."""
    settings: Settings
    """What was trained with: resolution and seed."""
    out: Path


class Look(Value):
    """What one model draws, in the order of the prompts."""

    pictures: tuple[Path, ...]
    picture_s: float
    """How long one picture took."""
    class_loss: float | None
    """Noise prediction loss on fresh pictures of the class, at the same noise for every model."""
    distance: float | None
    """To the dataset, see worker/evaluation.py `measure_distance`."""


class Glance(Value):
    """What was seen: the base model first, then with each LoRA."""

    looks: tuple[Look, ...]
