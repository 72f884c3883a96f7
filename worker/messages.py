"""What the supervisor and its training child say to each other: one JSON object a line, and exit codes."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from core.offerings.records import TrainingSpec
from core.records import Value

EXIT_DONE = 0
EXIT_FAILED = 3
"""The training cannot succeed; a `failed` line said why."""
EXIT_STOPPED = 75
"""Stopped as asked, after a checkpoint (EX_TEMPFAIL: try again later)."""


class TaskImage(Value):
    """One picture of the dataset, in the task's folder."""

    file: str
    caption: str
    sha256: str


class TrainingTask(Value):
    """Everything a child needs; it reads nothing else."""

    job: str
    spec: TrainingSpec
    images: tuple[TaskImage, ...]
    folder: Path
    """Holds the images; what the child makes goes to `folder/out`."""
    checkpoint: Path | None = None
    checkpoint_every_s: float = 30.0
    dataset_digest: str = ""


Stage = Literal["loading", "encoding", "training", "sampling", "saving"]


class StageLine(Value):
    """The child has entered a stage."""

    kind: Literal["stage"] = "stage"
    stage: Stage


class StepLine(Value):
    """An optimiser step is done."""

    kind: Literal["step"] = "step"
    step: int
    total_steps: int
    loss: float
    learning_rate: float
    images_per_s: float


class SampleLine(Value):
    """A sample picture was written."""

    kind: Literal["sample"] = "sample"
    step: int
    index: int
    prompt: str
    file: Path


class CheckpointLine(Value):
    """A checkpoint is whole on disk."""

    kind: Literal["checkpoint"] = "checkpoint"
    step: int
    folder: Path


class DoneLine(Value):
    """The weights are written."""

    kind: Literal["done"] = "done"
    files: tuple[Path, ...]


class FailedLine(Value):
    """The training cannot succeed, in words for its owner."""

    kind: Literal["failed"] = "failed"
    code: str
    message: str


Line = Annotated[
    StageLine | StepLine | SampleLine | CheckpointLine | DoneLine | FailedLine,
    Field(discriminator="kind"),
]
_LINES: TypeAdapter[Line] = TypeAdapter(Line)


def parse_line(text: bytes) -> Line:
    """Read one line of the child. Raises pydantic's ValidationError for anything else."""
    return _LINES.validate_json(text)
