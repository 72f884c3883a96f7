"""What the supervisor and its training child say to each other: one JSON object a line, and exit codes."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from core.auto_captions.records import CaptionSpec
from core.generations.records import GenerationSpec
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

    kind: Literal["train"] = "train"
    job: str
    spec: TrainingSpec
    images: tuple[TaskImage, ...]
    folder: Path
    """Holds the images; what the child makes goes to `folder/out`."""
    checkpoint: Path | None = None
    previous_checkpoint: Path | None = None
    """Taken when the newest one does not verify."""
    checkpoint_every_s: float = 30.0
    """More seldom where saving is slow; 0 saves after every step, whatever that takes."""
    dataset_digest: str = ""
    cache: Path | None = None
    """Holds what earlier trainings computed of pictures and captions; without one, `folder/cache`."""
    cache_bytes: int = 10 * 1024**3
    start_weights: Path | None = None
    """A LoRA of ours in diffusers' format that training starts from."""


class LoraFile(Value):
    """A LoRA that is put in, with its weight."""

    name: str
    file: Path
    sha256: str
    weight: float


class GenerationTask(Value):
    """Everything a child needs to draw; it stays loaded afterwards and takes the next task."""

    kind: Literal["generate"] = "generate"
    job: str
    spec: GenerationSpec
    loras: tuple[LoraFile, ...]
    indexes: tuple[int, ...]
    """Which pictures are still to be drawn."""
    folder: Path


class CaptionTask(Value):
    """Everything a child needs to caption pictures."""

    kind: Literal["caption"] = "caption"
    job: str
    spec: CaptionSpec
    images: tuple[TaskImage, ...]
    start: int = 0
    """The first picture that is still to be captioned."""
    folder: Path


Task = Annotated[TrainingTask | GenerationTask | CaptionTask, Field(discriminator="kind")]
_TASKS: TypeAdapter[Task] = TypeAdapter(Task)
Stage = Literal[
    "loading", "class images", "encoding", "training", "sampling", "saving", "drawing", "captioning"
]


class StageLine(Value):
    """The child has entered a stage, or got on in it."""

    kind: Literal["stage"] = "stage"
    stage: Stage
    done: int = 0
    total: int = 0
    """How many of how many are done, where a stage is counted."""

    @property
    def text(self) -> str:
        """The stage in words, `class images 3 of 100`."""
        return f"{self.stage} {self.done} of {self.total}" if self.total else self.stage


class StepLine(Value):
    """An optimiser step is done."""

    kind: Literal["step"] = "step"
    step: int
    total_steps: int
    loss: float
    learning_rate: float
    images_per_s: float


class ValidationLine(Value):
    """The loss on held-out pictures was measured."""

    kind: Literal["validation"] = "validation"
    step: int
    loss: float
    is_best: bool


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


class DrawLine(Value):
    """A step on one or several pictures is done; steps count for each picture."""

    kind: Literal["draw"] = "draw"
    step: int


class PictureLine(Value):
    """A picture was written."""

    kind: Literal["picture"] = "picture"
    index: int
    file: Path


class DrawnLine(Value):
    """Every picture of the task is written; the child waits for the next task."""

    kind: Literal["drawn"] = "drawn"


class CaptionLine(Value):
    """A picture's caption is written."""

    kind: Literal["caption"] = "caption"
    index: int
    text: str


class CaptionedLine(Value):
    """Every picture of the task has its caption."""

    kind: Literal["captioned"] = "captioned"


class DoneLine(Value):
    """The weights are written."""

    kind: Literal["done"] = "done"
    files: tuple[Path, ...]
    steps: int
    """The steps that were made: fewer than were bought after an early stop."""
    best_step: int | None = None
    """Where the loss on held-out pictures was lowest."""
    base_sha256: str = ""
    """Of the base model's files, see worker/base_models.py `hash_base`."""


class FailedLine(Value):
    """The training cannot succeed, in words for its owner."""

    kind: Literal["failed"] = "failed"
    code: str
    message: str


Line = Annotated[
    StageLine
    | StepLine
    | ValidationLine
    | SampleLine
    | CheckpointLine
    | DoneLine
    | DrawLine
    | PictureLine
    | DrawnLine
    | CaptionLine
    | CaptionedLine
    | FailedLine,
    Field(discriminator="kind"),
]
_LINES: TypeAdapter[Line] = TypeAdapter(Line)


def parse_line(text: bytes) -> Line:
    """Read one line of the child. Raises pydantic's ValidationError for anything else."""
    return _LINES.validate_json(text)


def parse_task(text: bytes) -> Task:
    """Read one task of the parent."""
    return _TASKS.validate_json(text)


def get_progress(line: Line) -> tuple[object, ...]:
    """Get where a line says that the child has got to; the same again is no progress."""
    match line:
        case StageLine():
            return line.kind, line.stage, line.done
        case SampleLine():
            return line.kind, line.step, line.index
        case StepLine() | CheckpointLine() | ValidationLine() | DrawLine():
            return line.kind, line.step
        case PictureLine() | CaptionLine():
            return line.kind, line.index
        case _:
            return (line.kind,)
