"""What the demo reads of the API's answers: a client's own models, so that nothing but JSON is shared."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue

from core.offerings.records import ParamValue

ENDED = ("completed", "failed", "cancelled")
"""The statuses of a training that has ended."""


class Answer(BaseModel):
    """Part of an answer; fields that the demo does not read are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


T = TypeVar("T")


class Page(Answer, Generic[T]):
    items: list[T]


class Dataset(Answer):
    id: str
    name: str


class Outcome(Answer):
    """What became of an uploaded file."""

    filename: str
    outcome: str
    detail: str | None = None


class Fit(Answer):
    """Whether a dataset fits an offering."""

    offering: str
    name: str
    fits: bool
    reason: str
    price_points: int


class Report(Answer):
    """The health report of a dataset."""

    items: int
    total_bytes: int
    uncaptioned: list[str]
    near_duplicates: list[JsonValue]
    too_small: list[str]
    blurred: list[str]
    offerings: list[Fit]
    advice: list[str]


class Offering(Answer):
    id: str
    name: str
    summary: str
    status: str


class Quote(Answer):
    points: int


class QuoteAnswer(Answer):
    offering: str
    quote: Quote
    balance_points: int
    covered: bool


class Progress(Answer):
    step: int
    total_steps: int
    loss: float | None
    images_per_s: float | None
    eta_s: float | None
    stage: str


class TrainingNews(Answer):
    """Where a training stands, as every event tells it."""

    status: str
    progress: Progress


class Failure(Answer):
    code: str
    message: str


class BaseModelName(Answer):
    id: str
    name: str


class Spec(Answer):
    offering: str
    base_model: BaseModelName
    trigger_words: list[str]
    params: dict[str, ParamValue]


class Training(TrainingNews):
    id: str
    spec: Spec
    quote: Quote
    error: Failure | None
    charged_points: int | None
    model: str | None
    settled: bool


class LossPoint(Answer):
    step: int
    loss: float | None


class Metrics(Answer):
    points: list[LossPoint]


class ModelFile(Answer):
    name: str
    sha256: str
    bytes: int


class Model(Answer):
    id: str
    name: str
    trigger_words: list[str]
    files: list[ModelFile]


class News(Answer):
    """A notification."""

    kind: str
    data: dict[str, JsonValue]


class Balance(Answer):
    balance_points: int


class StatementLine(Answer):
    kind: str
    note: str
    ref: str
    amount_points: int
    balance_after_points: int


class Picture(Answer):
    """A picture that a generation has drawn."""

    file: ModelFile


class Lora(Answer):
    name: str
    weight: float


class GenerationSpec(Answer):
    loras: list[Lora]
    seed: int


class Generation(Answer):
    id: str
    spec: GenerationSpec
    status: str
    settled: bool
    charged_points: int | None
    pictures: list[Picture]
    error: Failure | None


class GenerationQuote(Answer):
    spec: GenerationSpec
    quote: Quote


class Earnings(Answer):
    """What models have earned for one of their makers."""

    earned_points: int
    paid_points: int
    due_points: int
