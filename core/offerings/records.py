"""What an offering is: method, base models, bounds, parameters and price; and the specification of one training."""

import math
from enum import StrEnum
from typing import Literal

from pydantic import Field

from core.records import Value

ParamValue = int | float | bool | str


class Method(StrEnum):
    """How the weights are trained."""

    LORA = "lora"
    DREAMBOOTH = "dreambooth"
    HYPER_LORA = "hyper-lora"


class Output(StrEnum):
    """What a training yields."""

    LORA = "lora"
    CHECKPOINT = "checkpoint"
    """The whole denoising network, trained without a LoRA."""


class Status(StrEnum):
    """Whether an offering can be bought."""

    AVAILABLE = "available"
    COMING_SOON = "coming-soon"
    RETIRED = "retired"


class Param(Value):
    """One setting that a person may change."""

    name: str
    kind: Literal["int", "float", "bool", "choice"]
    default: ParamValue
    min: int | float | None = None
    max: int | float | None = None
    choices: tuple[str, ...] = ()
    help: str


class Price(Value):
    """The public formula's rates."""

    base_points: int = Field(ge=0)
    points_per_1000_steps: int = Field(ge=0)
    resolution_exponent: float = Field(ge=0, le=4)
    native_resolution_px: int = Field(ge=8)
    class_image_steps: int = Field(default=0, ge=0)
    """What one class image costs, in steps on one picture."""


class Offering(Value):
    """A kind of training that can be bought."""

    id: str = Field(pattern=r"^[a-z0-9-]{3,40}$")
    name: str
    summary: str
    method: Method
    family: str
    base_models: tuple[str, ...] = Field(min_length=1)
    output: Output
    status: Status
    min_images: int = Field(ge=1)
    max_images: int = Field(ge=1)
    vram_gb: float = Field(ge=0)
    price: Price
    params: tuple[Param, ...]

    @property
    def needed_gb(self) -> int | None:
        """How much memory a worker must have, in whole GB; None: any has enough."""
        return math.ceil(self.vram_gb) or None

    @property
    def takes_class_prompt(self) -> bool:
        """Whether a class prompt goes with the trigger words."""
        return self.method is Method.DREAMBOOTH

    def find_param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)


class Acceleration(Value):
    """A frozen LoRA with which a base model draws in a few steps, and how to sample with it."""

    id: str = Field(pattern=r"^[a-z0-9.-]{3,60}$")
    source: str
    """`builtin:<name>`, a hub id, or a path to a folder."""
    weight_name: str = "lora.safetensors"
    revision: str = ""
    """The commit that a hub id is pinned to."""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    """Of the file; another file than this one is refused. Empty takes what the source has."""
    scheduler: Literal["ddim-trailing"] = "ddim-trailing"
    steps: int = Field(ge=1, le=8)
    guidance_scale: float = Field(default=1.0, ge=0, le=20)


class Sampler(Value):
    """How pictures are drawn with a few-step model: what a person copies into their program."""

    scheduler: Literal["ddim-trailing"]
    """DDIM with trailing timestep spacing, as distilled for."""
    steps: int
    guidance_scale: float
    acceleration: str
    """The id of the acceleration LoRA that goes under the trained one, at weight 1."""
    acceleration_source: str
    """Where that LoRA is, `source/weight_name`."""
    acceleration_sha256: str
    """Empty where the catalogue pins none."""


class BaseModel(Value):
    """A pretrained model that trainings start from."""

    id: str = Field(pattern=r"^[a-z0-9.-]{3,60}$")
    name: str
    family: str
    source: str
    """`builtin:<name>`, a hub id, or a path to a diffusers folder or a single .safetensors file."""
    revision: str = ""
    """The commit that a hub id is pinned to."""
    config: str = ""
    """For a single file: the folder or hub id with the configuration and tokenizer that the file lacks."""
    acceleration: Acceleration | None = None
    """What few-step trainings on this base model are trained over."""


class QuoteInputs(Value):
    """Everything that moves the price."""

    steps: int
    train_batch_size: int
    resolution_px: int
    gradient_accumulation_steps: int = 1
    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int
    class_images: int = 0
    class_image_steps: int = 0

    @property
    def total_steps(self) -> int:
        """What progress is counted in."""
        return self.steps


class GenerationInputs(Value):
    """Everything that moves the price of a generation."""

    steps: int
    """Of one picture."""
    count: int
    width_px: int
    height_px: int
    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int

    @property
    def total_steps(self) -> int:
        """What progress is counted in: the steps of all pictures."""
        return self.steps * self.count


class CaptionInputs(Value):
    """Everything that moves the price of captions by a model."""

    pictures: int
    points_per_100_pictures: int

    @property
    def total_steps(self) -> int:
        """What progress is counted in: captions."""
        return self.pictures


class Quote(Value):
    """What a job costs, with all that is needed to compute it again."""

    formula_version: int
    inputs: QuoteInputs | GenerationInputs | CaptionInputs
    points: int


class StartWeights(Value):
    """An earlier LoRA that a training goes on from, pinned by its content."""

    model: str
    key: str
    """Of its file in diffusers' format, in Blobs."""
    sha256: str


class TrainingSpec(Value):
    """One training, frozen when it is submitted; the worker reads nothing else."""

    offering: str
    method: Method
    base_model: BaseModel
    trigger_words: tuple[str, ...]
    sample_prompts: tuple[str, ...]
    params: dict[str, ParamValue]
    output: Output = Output.LORA
    class_prompt: str = ""
    """What the subject is one of; DreamBooth keeps the base model from forgetting it."""
    start: StartWeights | None = None
    """None starts from the base model alone."""

    @property
    def sampler(self) -> Sampler | None:
        """How the trained model is sampled when that differs from its family's way, else None."""
        given = self.base_model.acceleration
        if self.method is not Method.HYPER_LORA or given is None:
            return None
        return Sampler(
            scheduler=given.scheduler,
            steps=given.steps,
            guidance_scale=given.guidance_scale,
            acceleration=given.id,
            acceleration_source=f"{given.source}/{given.weight_name}",
            acceleration_sha256=given.sha256,
        )

    def get_int(self, name: str) -> int:
        value = self.params[name]
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} is not a whole number")
        return value
