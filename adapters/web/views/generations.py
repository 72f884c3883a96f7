"""Generations as the API shows and takes them."""

from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field

from adapters.web.views.common import FileView, Form, Time, View
from adapters.web.views.fleet import ObstacleView
from adapters.web.views.offerings import ParamView
from adapters.web.views.trainings import (
    BaseModelView,
    FailureView,
    HistoryLineView,
    ProgressView,
)
from bots.wording import Words
from core.generations.records import GenerationSpec
from core.generations.wishes import GenerationWishes, LoraWish
from core.jobs.records import Job, Status
from core.offerings.records import ParamValue


class LoraForm(Form):
    """A model of yours that is wanted in the picture."""

    model: str
    weight: float | None = Field(
        default=None, description="From -2 to 2; without one, the model's own."
    )


class NewGeneration(Form):
    """The pictures that are wanted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "prompt": "mycat on a chair",
                    "loras": [{"model": "md_aaaaaaaaaaaaaaaa", "weight": 0.8}],
                    "params": {"count": 4},
                }
            ]
        }
    )

    prompt: str = Field(max_length=30_000)
    negative_prompt: str = Field(default="", max_length=30_000)
    base_model: str = Field(
        default="",
        description="Without one, the base model of the first LoRA, or the first there is.",
    )
    loras: tuple[LoraForm, ...] = Field(default=(), max_length=20)
    seed: int | None = Field(default=None, description="Without one, a seed is drawn and kept.")
    params: dict[str, ParamValue] = Field(default={}, max_length=100)

    def to_wishes(self) -> GenerationWishes:
        loras = tuple(LoraWish(model=lora.model, weight=lora.weight) for lora in self.loras)
        given = self.model_dump(exclude={"loras"})
        return GenerationWishes(**given, loras=loras)


class LoraView(View):
    """A LoRA that was put in, pinned by its file's content."""

    model: str
    name: str
    weight: float
    is_named: bool
    """Whether it was asked for; else the prompt brought it in."""
    sha256: str


class GenerationSpecView(View):
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
    """The setting that draws the same way again."""
    seed: int
    count: int
    loras: tuple[LoraView, ...]
    warnings: tuple[str, ...]

    @classmethod
    def show(cls, spec: GenerationSpec, words: Words) -> Self:
        """Show what is drawn, with its warnings in somebody's language."""
        view = cls.of(spec)
        return view.model_copy(update={"warnings": tuple(map(words.known, view.warnings))})


class GenerationInputsView(View):
    """Everything that moves the price."""

    steps: int
    count: int
    width_px: int
    height_px: int
    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int


class GenerationPriceView(View):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: GenerationInputsView
    points: int


class PictureView(View):
    """A picture that is ready; it is at `…/images/{name}` below its generation's address."""

    index: int
    seed: int
    file: FileView


class GenerationView(View):
    """One generation, from submission to settlement."""

    id: str
    spec: GenerationSpecView
    quote: GenerationPriceView
    status: Status
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    pictures: tuple[PictureView, ...]
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    royalty_points: int
    """What of the charge, or until then of the price, goes to the makers of the LoRAs."""
    settled: Annotated[bool, BeforeValidator(lambda marked: not marked)] = Field(
        validation_alias="needs_settling",
        description="False from the end until points and news are dealt with.",
    )
    created_at: Time
    updated_at: Time

    @classmethod
    def show(cls, job: Job, words: Words) -> Self:
        """Show a generation; its warnings and why it failed are said in somebody's language."""
        view = cls.of(job)
        changes: dict[str, object] = {"spec": GenerationSpecView.show(job.generation, words)}
        if view.error is not None:
            said = {"message": words.known(view.error.message)}
            changes["error"] = view.error.model_copy(update=said)
        return view.model_copy(update=changes)


class GenerationQuote(View):
    """A price, what it is for, and whether the balance covers it; a seed that was not given is an example."""

    spec: GenerationSpecView
    quote: GenerationPriceView
    royalty_points: int
    """What of the price goes to the makers of the LoRAs."""
    balance_points: int
    covered: bool


class GenerationEvent(View):
    """Where a generation stands, and which pictures are ready."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: Status
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
    pictures: tuple[str, ...]


class GenerationRates(View):
    """The rates of the public price formula."""

    base_points: int
    points_per_1000_steps: int
    resolution_exponent: float
    native_resolution_px: int


class GenerationOfferView(View):
    """A base model to generate with: its settings, their bounds and its rates."""

    base_model: BaseModelView
    max_loras: int
    price: GenerationRates
    params: tuple[ParamView, ...]


class GenerationOfferList(View):
    """Every base model that pictures can be generated with."""

    items: tuple[GenerationOfferView, ...]
