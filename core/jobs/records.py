"""What is kept of a job: its frozen specification, its state, its lease and what it has made so far."""

import math
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

from core.auto_captions.records import CaptionSpec
from core.generations.records import GenerationSpec
from core.jobs.obstacles import Obstacle
from core.offerings.records import Quote, TrainingSpec
from core.records import Record, UtcTime, Value


class Kind(StrEnum):
    """What a job wants done."""

    TRAIN = "train"
    GENERATE = "generate"
    CAPTION = "caption"


class Status(StrEnum):
    """Where a job stands. `pending` may have no hold yet; nobody sees it and no list counts it."""

    PENDING = "pending"
    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    FINISHING = "finishing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


VISIBLE = frozenset(Status) - {Status.PENDING}
TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
LEASED = frozenset({Status.PREPARING, Status.RUNNING, Status.FINISHING})


class Lease(Value):
    """A worker's claim; the token grows with every claim and fences every write."""

    owner: str
    token: int
    expires_at: UtcTime
    lasts_s: float
    """How far each sign of life moves the end."""


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


Measured = Annotated[float | None, AfterValidator(_known)]
"""A measurement; one that is not finite (a training that diverges) is unknown: JSON has no NaN."""


class Progress(Value):
    """How far a training has come."""

    step: int = 0
    total_steps: int = 0
    loss: Measured = None
    images_per_s: Measured = None
    eta_s: Measured = None
    stage: str = ""
    validation_loss: Measured = None
    """On held-out pictures, as it was last measured."""


class StoredFile(Value):
    """A file of a job, in Blobs."""

    name: str
    key: str
    sha256: str
    bytes: int
    content_type: str


class Sample(Value):
    """A picture made during training, at a fixed seed."""

    step: int
    prompt: str
    file: StoredFile


class Picture(Value):
    """A picture of a generation, drawn with the generation's seed + index."""

    index: int
    seed: int
    file: StoredFile


class Checkpoint(Value):
    """A verified save from which another attempt can go on."""

    step: int
    files: tuple[StoredFile, ...]


class Failure(Value):
    """Why a job failed, in words for its owner."""

    code: str
    message: str


class HistoryLine(Value):
    """A state that the job has entered."""

    at: UtcTime
    status: Status
    note: str = ""


class Job(Record):
    """A piece of work for a worker."""

    collection = "jobs"
    unique = (("owner", "idempotency_key"), ("owner", "kind", "slot"))
    indexed = (
        "owner",
        "status",
        "dataset",
        "waiting",
        "lease.expires_at",
        "needs_settling",
        "snapshot",
        "spec.base_model.family",
    )
    filtered = ("vram_gb",)

    kind: Kind = Kind.TRAIN
    owner: str
    idempotency_key: str
    request_sha256: str
    request: str = ""
    """The request that asked for it, as logs name it."""
    dataset: str = ""
    dataset_name: str = ""
    snapshot: str = ""
    """What a training is on, or captions are for; empty for a generation."""
    spec: TrainingSpec | GenerationSpec | CaptionSpec = Field(union_mode="left_to_right")
    quote: Quote
    status: Status = Status.PENDING
    waiting: str | None = None
    """The owner while the job is queued, so that one index finds each account's oldest job."""
    vram_gb: int | None = None
    """How much memory its worker must have; None asks for none."""
    obstacle: Obstacle | None = None
    """Why it waits although nothing of its owner's runs, as the last sweep saw it."""
    slot: int | None = None
    """Which of its owner's running places a leased job takes, a row of them for each kind; unique, so
    a race cannot pass the cap."""
    cancel_requested: bool = False
    progress: Progress = Progress()
    lease: Lease | None = None
    token: int = 0
    attempts: int = 0
    attempt_step: int = 0
    """The checkpoint's step when the running attempt was claimed; progress forgives attempts."""
    checkpoint: Checkpoint | None = None
    previous_checkpoint: Checkpoint | None = None
    """Taken when a file of the newest one is gone or damaged."""
    samples: tuple[Sample, ...] = ()
    pictures: tuple[Picture, ...] = ()
    """What a generation has drawn so far, in order."""
    looked_at: int = 0
    """How many of the snapshot's pictures captions were written for, or that were left alone."""
    artifacts: tuple[StoredFile, ...] = ()
    error: Failure | None = None
    history: tuple[HistoryLine, ...] = ()
    steps_done: int = 0
    needs_settling: bool | None = None
    """True from the terminal state until hold, model and news are dealt with."""
    charged_points: int | None = None
    payer: str | None = None
    """Whose ledger chain paid, when that is not the owner's: accounts merge, entries stay."""
    model: str | None = None

    @property
    def training(self) -> TrainingSpec:
        """The specification of a training."""
        if not isinstance(self.spec, TrainingSpec):
            raise TypeError(f"{self.id} is no training")
        return self.spec

    @property
    def generation(self) -> GenerationSpec:
        """The specification of a generation."""
        if not isinstance(self.spec, GenerationSpec):
            raise TypeError(f"{self.id} is no generation")
        return self.spec

    @property
    def royalty_points(self) -> int:
        """What a generation leaves for the makers of its models: of its price until it is charged."""
        charge = self.quote.points if self.charged_points is None else self.charged_points
        return self.generation.get_royalties(charge)

    @property
    def captioning(self) -> CaptionSpec:
        """The specification of captions by a model."""
        if not isinstance(self.spec, CaptionSpec):
            raise TypeError(f"{self.id} writes no captions")
        return self.spec

    @property
    def note(self) -> str:
        """What stands in the statement of who pays for it."""
        if self.kind is Kind.GENERATE:
            return f"Generation of {self.generation.count}"
        if self.kind is Kind.CAPTION:
            return f"Captions for {self.dataset_name}"
        return f"Training on {self.dataset_name}"


class LossChunk(Record):
    """A run of a job's loss history, at most CHUNK_POINTS points of it."""

    collection = "loss_chunks"
    unique = (("job", "index"),)
    indexed = ("index",)

    job: str
    index: int
    points: tuple[tuple[int, float, float], ...]
    """(step, loss, learning rate)"""
    validation: tuple[tuple[int, float], ...] = ()
    """(step, loss on held-out pictures), of the steps of `points`"""
