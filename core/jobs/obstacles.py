"""What may keep every worker from a job; apart because records.py is long, and only who waits asks for it."""

from enum import StrEnum

from core.records import Value


class ObstacleCode(StrEnum):
    """What is missing where no worker can take a job."""

    NO_WORKER = "no_worker"
    NO_KIND = "no_kind"
    NO_FAMILY = "no_family"
    NO_MEMORY = "no_memory"


class Obstacle(Value):
    """Why no worker that is up can take a job."""

    code: ObstacleCode
    family: str
    vram_gb: int
