"""What a worker says of itself: what it has, what it takes, and what it is doing."""

from enum import StrEnum

from core.jobs.records import Kind
from core.records import Record, UtcTime, Value


class State(StrEnum):
    """How a worker is doing, as others can tell."""

    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    """It ends as soon as its job is given back, and takes no other."""
    LOST = "lost"
    """It has been silent for longer than a lease, and never said that it ends."""


class Memory(Value):
    """Memory of a machine or of a GPU."""

    total_bytes: int
    free_bytes: int


class Gpu(Value):
    """The GPU that a worker computes on."""

    name: str
    memory: Memory


class Worker(Record):
    """One worker process, by its own account; only it writes this, with each heartbeat."""

    collection = "workers"
    indexed = ("expires_at",)

    name: str
    """What leases call it."""
    code: str
    """Version and digest of the code it runs; workers with the same run the same."""
    kinds: tuple[Kind, ...]
    families: tuple[str, ...]
    queues: tuple[str, ...] = ()
    """The queues whose wake-ups it takes."""
    memory_gb: int
    """What offerings' vram_gb is measured against: of its GPU, or of the machine where it has none."""
    gpu: Gpu | None = None
    memory: Memory
    """Of the machine, or of its container."""
    job: str | None = None
    """What it is working on."""
    is_draining: bool = False
    expires_at: UtcTime
    """It counts as lost from here on, unless it is heard of again."""
    ended_at: UtcTime | None = None
    """When it said that it ends."""
