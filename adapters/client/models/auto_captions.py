"""Models of auto-captions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body


class NewAutoCaptions(Body):
    """The captions that are wanted, for the pictures of a dataset as it is now."""

    caption_set: str = "auto"
    """Where they go; others stay as they are."""
    prefix: str = ""
    """Put before each caption: the trigger word."""
    replaces: bool = False
    """Whether captions that the set has are written anew; else they are left alone."""


class CaptionSpecView(Answer):
    """What is written, frozen when it was submitted."""

    caption_set: str
    prefix: str
    replaces: bool
    left_out: int
    """Pictures that had a caption in the set."""


class CaptionInputsView(Answer):
    """Everything that moves the price: pictures × rate / 100, rounded up."""

    pictures: int
    points_per_100_pictures: int


class CaptionPriceView(Answer):
    """A price with all that is needed to compute it again."""

    formula_version: int
    inputs: CaptionInputsView
    points: int


class AutoCaptionsQuote(Answer):
    """A price, what it is for, and whether the balance covers it."""

    spec: CaptionSpecView
    quote: CaptionPriceView
    balance_points: int
    covered: bool


JobStatus = Literal[
    "pending", "queued", "preparing", "running", "finishing", "completed", "failed", "cancelled"
]
"""Where a job stands. `pending` may have no hold yet; nobody sees it and no list counts it."""


class ProgressView(Answer):
    """How far a training has come."""

    step: int
    total_steps: int
    loss: float | None
    images_per_s: float | None
    eta_s: float | None
    stage: str
    validation_loss: float | None


ObstacleCode = Literal["no_worker", "no_kind", "no_family", "no_memory"]
"""What is missing where no worker can take a job."""


class ObstacleView(Answer):
    """Why no worker that is up can take a job."""

    code: ObstacleCode
    family: str
    vram_gb: int
    """How much memory a worker must have for it, in GB."""


class FailureView(Answer):
    """Why a training failed."""

    code: str
    message: str


class HistoryLineView(Answer):
    """A state that the training has entered."""

    at: datetime
    status: JobStatus


class AutoCaptionsView(Answer):
    """One auto-caption job, from submission to settlement."""

    id: str
    dataset: str
    dataset_name: str
    spec: CaptionSpecView
    quote: CaptionPriceView
    status: JobStatus
    cancel_requested: bool
    progress: ProgressView
    obstacle: ObstacleView | None
    attempts: int
    captions: int
    """How many were written."""
    error: FailureView | None
    history: tuple[HistoryLineView, ...]
    charged_points: int | None
    settled: bool
    """False from the end until points and news are dealt with."""
    created_at: datetime
    updated_at: datetime
