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


class Share(Answer):
    """A payee's part of what a model earns, of 10,000."""

    account: str
    bps: int
    pictures: int


class PublishedModel(Model):
    owner: str
    access: str
    shares: list[Share]
    """Shown to its owner only."""
    generations: int


class PriceInputs(Answer):
    steps: int
    count: int
    width_px: int
    height_px: int
    base_points: int
    points_per_1000_steps: int
    native_resolution_px: int


class Price(Answer):
    points: int
    inputs: PriceInputs


class UsedLora(Answer):
    model: str
    name: str
    weight: float


class Drawing(Answer):
    """What a generation draws."""

    typed_prompt: str
    loras: list[UsedLora]
    warnings: list[str]


class DrawingQuote(Answer):
    spec: Drawing
    quote: Price
    covered: bool


class PictureFile(Answer):
    name: str


class DrawnPicture(Answer):
    index: int
    file: PictureFile


class Generation(TrainingNews):
    id: str
    spec: Drawing
    quote: Price
    pictures: list[DrawnPicture]
    error: Failure | None
    charged_points: int | None
    settled: bool


class Earnings(Answer):
    earned_points: int
    paid_points: int
    due_points: int


class Accrual(Answer):
    """What one generation earned with one model."""

    model: str
    training: str
    points: int
