"""Which worker can take which job, pure; and what stands in the way where none can."""

from collections.abc import Sequence

from core.fleet.records import Worker
from core.jobs.obstacles import Obstacle, ObstacleCode
from core.jobs.records import Job, Kind


def find_family(job: Job) -> str | None:
    """Return the family of base models that a worker must take for the job; captions need none."""
    if job.kind is Kind.TRAIN:
        return job.training.base_model.family
    return job.generation.base_model.family if job.kind is Kind.GENERATE else None


def find_obstacle(job: Job, workers: Sequence[Worker]) -> Obstacle | None:
    """Say why none of these workers can take the job, the first reason that holds for all; None: one can."""
    family, needed_gb = find_family(job), job.vram_gb or 0
    tests = (
        (ObstacleCode.NO_WORKER, lambda worker: True),
        (ObstacleCode.NO_KIND, lambda worker: job.kind in worker.kinds),
        (ObstacleCode.NO_FAMILY, lambda worker: family is None or family in worker.families),
        (ObstacleCode.NO_MEMORY, lambda worker: worker.memory_gb >= needed_gb),
    )
    left = list(workers)
    for code, fits in tests:
        left = [worker for worker in left if fits(worker)]
        if not left:
            return Obstacle(code=code, family=family or "", vram_gb=needed_gb)
    return None
