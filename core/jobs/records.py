"""What is kept of a job: its frozen specification, its state, its lease and what it has made so far."""

from enum import StrEnum

from core.offerings.records import Quote, TrainingSpec
from core.records import Record, UtcTime, Value


class Status(StrEnum):
    """Where a job stands. `pending` has no hold yet and nobody can see it."""

    PENDING = "pending"
    QUEUED = "queued"
    PREPARING = "preparing"
    RUNNING = "running"
    FINISHING = "finishing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
LEASED = frozenset({Status.PREPARING, Status.RUNNING, Status.FINISHING})


class Lease(Value):
    """A worker's claim; the token grows with every claim and fences every write."""

    owner: str
    token: int
    expires_at: UtcTime


class Progress(Value):
    """How far a training has come."""

    step: int = 0
    total_steps: int = 0
    loss: float | None = None
    images_per_s: float | None = None
    eta_s: float | None = None
    stage: str = ""


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
    unique = (("owner", "idempotency_key"),)
    indexed = ("owner", "status", "dataset", "lease.expires_at", "needs_settling", "snapshot")

    owner: str
    idempotency_key: str
    request_sha256: str
    dataset: str
    dataset_name: str
    snapshot: str
    spec: TrainingSpec
    quote: Quote
    status: Status = Status.PENDING
    cancel_requested: bool = False
    progress: Progress = Progress()
    lease: Lease | None = None
    token: int = 0
    attempts: int = 0
    attempt_step: int = 0
    """The checkpoint's step when the running attempt was claimed; progress forgives attempts."""
    checkpoint: Checkpoint | None = None
    samples: tuple[Sample, ...] = ()
    artifacts: tuple[StoredFile, ...] = ()
    error: Failure | None = None
    history: tuple[HistoryLine, ...] = ()
    steps_done: int = 0
    needs_settling: bool | None = None
    """True from the terminal state until hold, model and news are dealt with."""
    charged_points: int | None = None
    model: str | None = None


class LossChunk(Record):
    """A run of a job's loss history, at most CHUNK_POINTS points of it."""

    collection = "loss_chunks"
    unique = (("job", "index"),)
    indexed = ("index",)

    job: str
    index: int
    points: tuple[tuple[int, float, float], ...]
    """(step, loss, learning rate)"""
