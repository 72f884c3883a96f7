"""What is measured: each figure's name, bar and unit, and how much work a run puts into it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
Better = Literal["higher", "lower"]


@dataclass(frozen=True)
class Figure:
    """A number with a bar, and what exactly it compares."""

    name: str
    bar: float
    better: Better
    unit: str
    compares: str

    def is_met(self, value: float) -> bool:
        return value >= self.bar if self.better == "higher" else value <= self.bar


@dataclass(frozen=True)
class Reading:
    """What a figure was found to be; the note tells the spread and the absolute numbers."""

    value: float
    note: str


@dataclass(frozen=True)
class Effort:
    """How much a run does; what a turn holds is done once by each side."""

    warmup_steps: int = 30
    training_turns: int = 30
    training_turn_steps: int = 10
    jobs: int = 5
    job_steps: int = 60
    generation_turns: int = 7
    generation_warm: int = 5
    image_turns: int = 3
    large_pictures: int = 3
    uploads_before: int = 100
    uploads: int = 500
    ledger_turns: int = 20
    ledger_turn_entries: int = 50
    http_turns: int = 20
    http_turn_requests: int = 40


FIGURES = (
    Figure(
        "training.tiny.step_ratio",
        0.90,
        "higher",
        "of the bare loop's steps/s",
        "The real training child on tiny-lora's defaults, past its first steps and between samples and "
        "checkpoints, against a loop of forward, backward and fused AdamW on prepared random batches: same "
        "UNet, LoRA, batch, threads, allocator and OpenMP policy, no gradient clipping, no learning rate "
        "schedule, no messages. One of the two is paused while the other runs.",
    ),
    Figure(
        "training.tiny.memory_ratio",
        1.15,
        "lower",
        "of the bare loop's peak memory",
        "Peak resident memory (VmHWM) of that child over its whole task, from start to checked weights, "
        "against that of the loop's process, which loads the UNet alone.",
    ),
    Figure(
        "job.first_step_s",
        2.0,
        "lower",
        "s",
        "From sending POST /trainings to the first event on the account's stream that says a step is done, "
        "less the seconds that the child spent loading the base model; real server, Redis and worker, whose "
        "child has torch imported. The sample pictures before the first step count.",
    ),
    Figure(
        "job.progress_delay_s",
        1.0,
        "lower",
        "s",
        "From the child beginning to say that a step is done to the arrival of the first event that includes "
        "that step; the worst over all steps of all those trainings.",
    ),
    Figure(
        "generation.warm_over_cold",
        5.0,
        "higher",
        "times sooner",
        "From handing a generation with a LoRA on the tiny model to a child that has just drawn another one, with "
        "another LoRA, to its first denoising step, against the same in a fresh child, from when it begins to load: "
        "the import of torch is not counted. Medians.",
    ),
    Figure(
        "intake.image_ratio",
        0.5,
        "higher",
        "of plain Pillow's images/s a core",
        "CPU seconds of intake.add_image (this process, its threads and the sandboxes; blobs and SQLite on "
        "disk) against CPU seconds of Pillow alone making the same picture and thumbnail: decode, resize, "
        "encode at the same sizes and qualities. Photographs of 12 and 2 megapixels as JPEG, drawings as PNG.",
    ),
    Figure(
        "intake.memory_growth_mb",
        16.0,
        "lower",
        "MB",
        "Growth of the web server's resident memory between the 100th and the 500th picture uploaded to it.",
    ),
    Figure(
        "ledger.entry_ratio",
        0.3,
        "higher",
        "of bare SQLite's inserts/s",
        "points.grant, one after another on one account, against sqlite3 inserting the same JSON into a table "
        "of id and body on the same disk; both in WAL mode, synchronous=FULL, one commit an entry.",
    ),
    Figure(
        "http.list_ratio",
        4.0,
        "lower",
        "of a bare handler's time",
        "Median time of GET /datasets (20 of them) and of GET /trainings/{id}, the worse of the two, against an "
        "aiohttp handler that answers the same bytes from memory; same client, connections kept, a server "
        "process each.",
    ),
)
