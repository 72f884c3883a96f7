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
    is_heavy: bool = False
    """Whether it takes minutes and gigabytes, so that it is measured only when it is named."""

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
    large_turns: int = 4
    large_turn_steps: int = 2
    large_px: int = 512
    sdxl_px: int = 512
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
    life_operations: int = 100_000
    royalty_turns: int = 20
    royalty_generations: int = 20
    http_turns: int = 20
    http_turn_requests: int = 40
    resolution_models: int = 10_000
    resolution_turns: int = 20
    people: int = 200
    rounds: int = 3
    talkers: int = 200
    talker_pause_s: float = 4.0
    store_turns: int = 20
    store_turn_records: int = 40
    large_blobs: int = 8
    grid_pictures: int = 1_000
    page_loads: int = 3
    listened_s: float = 20
    photographs: int = 200
    claims_each: int = 10
    loaded_s: float = 60


FIGURES = (
    Figure(
        "training.tiny.step_ratio",
        0.95,
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
        "training.sd15.step_ratio",
        0.95,
        "higher",
        "of the bare loop's steps/s",
        "The same with Stable Diffusion 1.5 at its real size (random weights), 256 px, rank 16, batch 1, full "
        "precision, sd15-lora's defaults else.",
        is_heavy=True,
    ),
    Figure(
        "training.sd15.batch4_ratio",
        1.0,
        "higher",
        "of the images/s at batch 1",
        "That child against one that trains with batch 4.",
        is_heavy=True,
    ),
    Figure(
        "training.vs_diffusers_ratio",
        1.0,
        "higher",
        "of its images/s",
        "That child against the algorithm of diffusers' train_text_to_image_lora.py on the same base model, "
        "pictures and settings (tests/bench/diffusers_loop.py). The reason: it encodes pictures and captions "
        "anew at every step, and gives memory back to the system that the next step asks for again.",
        is_heavy=True,
    ),
    Figure(
        "training.vs_diffusers_memory_ratio",
        1.0,
        "lower",
        "of its peak memory",
        "Peak resident memory of the same two, ours over its whole task. The reason: what the autoencoder "
        "needs to encode a picture lies beside what the UNet's step needs.",
        is_heavy=True,
    ),
    Figure(
        "training.sd15.peak_gb",
        8.0,
        "lower",
        "GB",
        "Peak resident memory of the child over a task of two steps on Stable Diffusion 1.5's real size with "
        "sd15-lora's defaults (512 px, batch 2, bf16), a checkpoint after each, and checked files; no samples.",
        is_heavy=True,
    ),
    Figure(
        "training.sdxl.peak_gb",
        20.0,
        "lower",
        "GB",
        "The same with SDXL's real size, both text encoders and sdxl-lora's defaults (512 px, batch 1, bf16, "
        "gradient checkpointing).",
        is_heavy=True,
    ),
    Figure(
        "training.warm_start_s",
        2.0,
        "lower",
        "s",
        "From a loaded base model to the beginning of the first step, the second time that a child trains on "
        "the same pictures of Stable Diffusion 1.5's real size; no samples. Bytes from the disk are the "
        "child's read_bytes of /proc/self/io while it loads.",
        is_heavy=True,
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
        "ledger.life_operations",
        100_000,
        "higher",
        "operations",
        "Grants, purchases, transfers, holds, settlements, cancellations, crashes at any write, replays, sweeps, "
        "refunds, caps and merges in an order that Hypothesis chooses, on SQLite, each followed by a check that no "
        "point was lost or made (tests/core/points/life.py).",
        is_heavy=True,
    ),
    Figure(
        "royalties.hot_creator_ratio",
        0.8,
        "higher",
        "of the generations/s with eight creators",
        "Eight members who generate at the same time, each hold, settlement with royalties and accrual durable, "
        "all with the model of one creator, against the same with a creator each; in turns, SQLite on disk.",
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
    Figure(
        "http.p99_ms_at_500",
        100,
        "lower",
        "ms",
        "From the time at which a request was to be sent to the end of its answer, the slowest in a hundred: 500 "
        "reads a second for a minute, sent at their times however long others take, by ten people in turns; lists, "
        "single records, pictures and thumbnails. One server process on SQLite, and the people in another one. A "
        "request that fails ends the measurement.",
    ),
    Figure(
        "http.memory_growth_mb",
        16,
        "lower",
        "MB",
        "Growth of the server's resident memory meanwhile, from the first fifth of that minute to its end.",
    ),
    Figure(
        "claims.p99_s",
        1.0,
        "lower",
        "s",
        "From a worker's asking for a job to having one, the slowest in a hundred: 20 workers in four processes, who "
        "all begin at once and ask for the next job as soon as one is ended, and 200 generations of 20 accounts, "
        "which nobody draws; each is claimed once. A worker that got none has waited from beginning to end. The "
        "worse of SQLite and MongoDB.",
    ),
    Figure(
        "resolution.ms",
        5.0,
        "lower",
        "ms a prompt",
        "resolver.resolve of prompts of 200 words that bring in up to five models, over 10,000 public models with "
        "two trigger words each, a fifth of which begin with one word; with the read of the map's record from "
        "SQLite on disk, the map itself in memory.",
    ),
    Figure(
        "resolution.growth",
        1.3,
        "lower",
        "of the time over a tenth",
        "The same prompts over 10,000 public models against over 1,000, in turns.",
    ),
    Figure(
        "bots.telegram_p99_s",
        1.0,
        "lower",
        "s",
        "From 200 people's messages to the answers in their chats, the slowest in a hundred: newcomers who all "
        "begin within two seconds, then make datasets in two messages each and ask for their points, with two to "
        "four seconds to read. The real server process polls a Bot API on a local socket; every answer is read, "
        "and each person's datasets are counted at the end.",
    ),
    Figure(
        "bots.discord_p99_s",
        1.0,
        "lower",
        "s",
        "99th percentile of the time from an interaction's event leaving the local Discord to the answer's "
        "arrival there, over 200 people who talk at once through one connection: each makes datasets by "
        "command and by form, completes a name, lists, looks and deletes, ten acts each, with pauses of two "
        "to six seconds. `trainyard serve` on SQLite on disk is one process, Discord and the people another. "
        "A lost update or an unanswered act ends the measurement.",
    ),
    Figure(
        "documents.mongo_ratio",
        1.5,
        "lower",
        "of motor's time alone",
        "Inserting, reading and changing a ledger's entry through Documents on MongoDB, one request after "
        "another, against motor doing the same with prepared documents: same server, indexes and write "
        "concern.",
    ),
    Figure(
        "blobs.s3_ratio",
        1.5,
        "lower",
        "of aioboto3's time alone",
        "Putting a blob that is not there yet and reading it back through Blobs on S3, against aioboto3's "
        "put_object (200 kB), upload_fileobj (24 MB) and get_object with whole bodies in memory and no hash; "
        "the worse of the two sizes, on the S3 server of the tests.",
    ),
    Figure(
        "web.first_load_kb",
        150,
        "lower",
        "kB",
        "Everything that goes over the wire to a Chromium with an empty cache from a sign-in link to the home page, "
        "pages, modules, style and API answers, with their headers; the most of a few loads.",
    ),
    Figure(
        "web.dataset_1000_s",
        1.5,
        "lower",
        "s",
        "From asking for the page of a dataset of 1,000 pictures to the whole grid standing, each picture on the "
        "screen loaded; Chromium at 1280 px, rendering by software.",
    ),
    Figure(
        "web.listener_cpu",
        5,
        "lower",
        "% of a core",
        "CPU time of the web server while 100 streams of server-sent events are told of five trainings, each as "
        "often as a worker tells; every event's arrival is counted.",
    ),
    Figure(
        "web.upload_ratio",
        0.5,
        "higher",
        "of plain Pillow's images/s",
        "200 photographs sent to the web server, three at once as the page does, answered when they stand in the "
        "dataset, against Pillow alone making the same pictures and thumbnails in as many processes as the server "
        "decodes in; by the clock, in turns.",
    ),
)
