"""Models of generations; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import Field

from adapters.client.messages import Answer, Body
from adapters.client.models.auto_captions import (
    FailureView,
    HistoryLineView,
    JobStatus,
    ObstacleView,
    ProgressView,
)
from adapters.client.models.training_offerings import ParamView
from adapters.client.models.trainings import BaseModelView, FileView


class GenerationRates(Answer):
    """The rates of the public price formula."""

    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int


class GenerationOfferView(Answer):
    """A base model to generate with: its settings, their bounds and its rates."""

    base_model: BaseModelView
    max_loras: int
    price: GenerationRates
    params: tuple[ParamView, ...]


class GenerationOfferList(Answer):
    """Every base model that pictures can be generated with."""

    items: tuple[GenerationOfferView, ...]


class LoraForm(Body):
    """A model of yours that is wanted in the picture."""

    model: str
    weight: float | None = None
    """From -2 to 2; without one, the model's own."""


class NewGeneration(Body):
    """The pictures that are wanted."""

    prompt: str
    negative_prompt: str = ""
    base_model: str = ""
    """Without one, the base model of the first LoRA, or the first there is."""
    loras: Sequence[LoraForm] = ()
    seed: int | None = None
    """Without one, a seed is drawn and kept."""
    params: Mapping[str, int | float | bool | str] = Field(default_factory=dict)


class LoraView(Answer):
    """A LoRA that was put in, pinned by its file's content."""

    model: str
    name: str
    weight: float
    is_named: bool
    sha256: str


class GenerationSpecView(Answer):
    """What is drawn, frozen when it was submitted; the n-th picture has seed + n."""

    base_model: BaseModelView
    typed_prompt: str
    prompt: str
    negative_prompt: str
    width_px: int
    height_px: int
    steps: int
    guidance_scale: float
    scheduler: str
    sampler: str
    seed: int
    count: int
    loras: tuple[LoraView, ...]
    warnings: tuple[str, ...]


class GenerationInputsView(Answer):
    """Everything that moves the price."""

    steps: int
    count: int
    width_px: int
    height_px: int
    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int


class GenerationPriceView(Answer):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: GenerationInputsView
    points: int


class GenerationQuote(Answer):
    """A price, what it is for, and whether the balance covers it; a seed that was not given is an example."""

    spec: GenerationSpecView
    quote: GenerationPriceView
    royalty_points: int
    balance_points: int
    covered: bool


class PictureView(Answer):
    """A picture that is ready; it is at `…/images/{name}` below its generation's address."""

    index: int
    seed: int
    file: FileView


class GenerationView(Answer):
    """One generation, from submission to settlement."""

    id: str
    spec: GenerationSpecView
    quote: GenerationPriceView
    status: JobStatus
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    pictures: tuple[PictureView, ...]
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    royalty_points: int
    settled: bool
    """False from the end until points and news are dealt with."""
    created_at: datetime
    updated_at: datetime


class GenerationEvent(Answer):
    """Where a generation stands, and which pictures are ready."""

    id: str
    status: JobStatus
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
    pictures: tuple[str, ...]
