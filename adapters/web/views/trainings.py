"""Trainings as the API shows and takes them."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field

from adapters.web.views.common import Form, PageQuery, SampleView, Time, View
from adapters.web.views.fleet import ObstacleView
from adapters.web.views.offerings import QuoteView
from bots.wording import Words
from core.jobs.records import TERMINAL, VISIBLE, Job, Status
from core.offerings.records import Method, Output, ParamValue


class NewTraining(Form):
    """The training that is wanted, on a dataset as it is now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dataset": "ds_aaaaaaaaaaaaaaaa",
                    "offering": "tiny-lora",
                    "trigger_words": ["mycat"],
                    "sample_prompts": ["mycat on a chair"],
                    "params": {"steps": 500},
                }
            ]
        }
    )

    dataset: str
    offering: str
    trigger_words: tuple[str, ...] = Field(max_length=20)
    class_prompt: str = Field(
        default="", max_length=1000, description="What the subject is one of; for DreamBooth only."
    )
    base_model: str = ""
    start_from: str = Field(
        default="",
        description="A LoRA of yours to train further; rank, alpha and modules are then its own.",
    )
    sample_prompts: tuple[str, ...] = Field(default=(), max_length=50)
    params: dict[str, ParamValue] = Field(default={}, max_length=100)


class BaseModelView(View):
    """The pretrained model that a training starts from."""

    id: str
    name: str
    family: str


class StartView(View):
    """The model that is trained further."""

    model: str


class SpecView(View):
    """What is trained, frozen when it was submitted."""

    offering: str
    method: Method
    output: Output
    base_model: BaseModelView
    trigger_words: tuple[str, ...]
    class_prompt: str
    start: StartView | None
    sample_prompts: tuple[str, ...]
    params: dict[str, ParamValue]


class ProgressView(View):
    """How far a training has come."""

    step: int
    total_steps: int
    loss: float | None
    images_per_s: float | None
    eta_s: float | None
    stage: str
    validation_loss: float | None


class FailureView(View):
    """Why a training failed."""

    code: str
    message: str


class HistoryLineView(View):
    """A state that the training has entered."""

    at: Time
    status: Status


class TrainingView(View):
    """One training, from submission to settlement."""

    id: str
    dataset: str
    dataset_name: str
    spec: SpecView
    quote: QuoteView
    status: Status
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    samples: tuple[SampleView, ...]
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    model: str | None
    settled: Annotated[bool, BeforeValidator(lambda marked: not marked)] = Field(
        validation_alias="needs_settling",
        description="False from the end until points, model and news are dealt with.",
    )
    created_at: Time
    updated_at: Time

    @classmethod
    def show(cls, job: Job, words: Words) -> Self:
        """Show a training; why it failed is said in somebody's language, where that is known."""
        view = cls.of(job)
        if view.error is None:
            return view
        error = view.error.model_copy(update={"message": words.known(view.error.message)})
        return view.model_copy(update={"error": error})


class LossPoint(View):
    """The loss at one step."""

    step: int
    loss: float
    learning_rate: float


class ValidationPoint(View):
    """The loss on pictures that were kept out of the training, after one step."""

    step: int
    loss: float


class TrainingQuery(PageQuery):
    """Which trainings are wanted."""

    show: Literal["all", "active", "completed", "failed", "cancelled"] = Field(
        default="all", description="In which state; `active` are those that have not ended."
    )

    def statuses(self) -> frozenset[Status]:
        if self.show == "all":
            return VISIBLE
        return VISIBLE - TERMINAL if self.show == "active" else frozenset({Status(self.show)})


class MetricsQuery(Form):
    """Which part of a loss history is wanted."""

    after: int = Field(default=-1, ge=-1, description="Only steps behind this one.")


class MetricsView(View):
    """The loss history of a training, in order of steps."""

    training: str
    points: tuple[LossPoint, ...]
    validation: tuple[ValidationPoint, ...]
