"""Models of trainings; made from the OpenAPI document by `python -m adapters.client.generate`."""

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
from adapters.client.models.training_offerings import Method, Output, QuoteView


class NewTraining(Body):
    """The training that is wanted, on a dataset as it is now."""

    dataset: str
    offering: str
    trigger_words: Sequence[str]
    class_prompt: str = ""
    """What the subject is one of; for DreamBooth only."""
    base_model: str = ""
    start_from: str = ""
    """A LoRA of yours to train further; rank, alpha and modules are then its own."""
    sample_prompts: Sequence[str] = ()
    params: Mapping[str, int | float | bool | str] = Field(default_factory=dict)


class BaseModelView(Answer):
    """The pretrained model that a training starts from."""

    id: str
    name: str
    family: str


class StartView(Answer):
    """The model that is trained further."""

    model: str


class SpecView(Answer):
    """What is trained, frozen when it was submitted."""

    offering: str
    method: Method
    output: Output
    base_model: BaseModelView
    trigger_words: tuple[str, ...]
    class_prompt: str
    start: StartView | None
    sample_prompts: tuple[str, ...]
    params: dict[str, int | float | bool | str]


class FileView(Answer):
    """A file that can be downloaded by its name."""

    name: str
    sha256: str
    bytes: int
    content_type: str


class SampleView(Answer):
    """A picture that a training made at a step, at a fixed seed."""

    step: int
    prompt: str
    file: FileView


class TrainingView(Answer):
    """One training, from submission to settlement."""

    id: str
    dataset: str
    dataset_name: str
    spec: SpecView
    quote: QuoteView
    status: JobStatus
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    samples: tuple[SampleView, ...]
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    model: str | None
    settled: bool
    """False from the end until points, model and news are dealt with."""
    created_at: datetime
    updated_at: datetime


class LossPoint(Answer):
    """The loss at one step."""

    step: int
    loss: float
    learning_rate: float


class ValidationPoint(Answer):
    """The loss on pictures that were kept out of the training, after one step."""

    step: int
    loss: float


class MetricsView(Answer):
    """The loss history of a training, in order of steps."""

    training: str
    points: tuple[LossPoint, ...]
    validation: tuple[ValidationPoint, ...]


class TrainingEvent(Answer):
    """Where a training stands."""

    id: str
    status: JobStatus
    progress: ProgressView
    obstacle: ObstacleView | None
    cancel_requested: bool
    samples: int
    """How many sample pictures there are by now."""
