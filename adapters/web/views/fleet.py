"""The workers as admins see them, and why a job waits as its owner sees it."""

from typing import Self

from pydantic import Field

from adapters.web.views.common import Time, View
from core.fleet.records import State
from core.fleet.service import FleetReport, SeenWorker
from core.jobs.obstacles import ObstacleCode
from core.jobs.records import Kind


class ObstacleView(View):
    """Why no worker that is up can take a job."""

    code: ObstacleCode
    family: str
    vram_gb: int = Field(description="How much memory a worker must have for it, in GB.")


class MemoryView(View):
    """Memory of a machine or of a GPU."""

    total_bytes: int
    free_bytes: int


class GpuView(View):
    """The GPU that a worker computes on."""

    name: str
    memory: MemoryView


class WorkerView(View):
    """A worker, by its own account."""

    name: str
    state: State = Field(description="`lost`: silent for long, but not yet for an hour.")
    code: str = Field(description="Version and digest of the code that it runs.")
    kinds: tuple[Kind, ...]
    families: tuple[str, ...]
    queues: tuple[str, ...]
    memory_gb: int = Field(description="What offerings' vram_gb is measured against.")
    gpu: GpuView | None
    memory: MemoryView
    job: str | None = Field(description="What it is working on.")
    created_at: Time
    updated_at: Time = Field(description="When it was heard of last.")

    @classmethod
    def show(cls, seen: SeenWorker) -> Self:
        own = set(cls.model_fields) - {"state"}
        shown = {name: getattr(seen.worker, name) for name in own}
        return cls.model_validate({**shown, "state": seen.state})


class WaitingView(View):
    """How many jobs of each kind wait for a worker."""

    train: int
    generate: int
    caption: int


class FleetView(View):
    """Every worker, by name, and what waits for one."""

    items: tuple[WorkerView, ...]
    waiting: WaitingView

    @classmethod
    def show(cls, report: FleetReport) -> Self:
        waiting = WaitingView.model_validate({kind.value: n for kind, n in report.waiting.items()})
        return cls(items=tuple(map(WorkerView.show, report.workers)), waiting=waiting)
