"""A worker without torch, for faults that are met a thousand times: all of it is real but its child, which paints
noise where the model would draw. What depends on torch is in the rows with real children.
"""

import asyncio
import os
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.arq_queue import ArqListener
from config.settings import Settings
from config.workplaces import make_workplace
from core.studio import Studio
from worker.messages import DrawnLine, GenerationTask, Line, PictureLine, StageLine, Task
from worker.supervisor import Child, Nursery
from worker.tasks import Worker

PICTURE_BYTES = 20_000


class PaintingChild(Child):
    """Takes generations, and has each picture painted after a while."""

    def __init__(self, paint_s: float) -> None:
        self._paint_s = paint_s
        self._task: GenerationTask | None = None
        self._is_alive = True

    @property
    def pid(self) -> int:
        return os.getpid()

    @property
    def is_alive(self) -> bool:
        return self._is_alive

    async def start(self, task: Task) -> None:
        assert isinstance(task, GenerationTask)
        self._task = task

    async def follow(self) -> AsyncGenerator[Line, None]:
        task, self._task = self._task, None
        if task is None or not self._is_alive:
            return
        yield StageLine(stage="drawing")
        for index in task.indexes:
            await asyncio.sleep(self._paint_s)
            if not self._is_alive:
                return
            yield PictureLine(index=index, file=_paint(task.folder, task.spec.seed + index, index))
        yield DrawnLine()

    def stop(self) -> None:
        self._is_alive = False

    async def kill(self) -> None:
        self._is_alive = False

    async def wait(self) -> int:
        return 75

    def read_log(self) -> str:
        return ""


def _paint(folder: Path, seed: int, index: int) -> Path:
    file = folder / f"{index}.png"
    file.write_bytes(random.Random(seed).randbytes(PICTURE_BYTES))
    return file


class PaintingNursery(Nursery):
    """Has painters where a worker has children that import torch."""

    paint_s = 0.0

    async def prepare(self) -> None:
        return

    async def take(self) -> Child:
        return PaintingChild(self.paint_s)


class SlowNursery(PaintingNursery):
    """Has painters that take their time."""

    paint_s = 1.5


@asynccontextmanager
async def painting(
    studio: Studio, settings: Settings, *, name: str = "", paint_s: float = 0.0
) -> AsyncIterator[Worker]:
    """Run a painter in this process, woken by the queue, and drain it in the end."""
    place = make_workplace(settings.model_copy(update={"worker_name": name}))
    worker = Worker(studio, ("tiny",), place, sweep_every_s=0.3)
    worker._nursery = PaintingNursery(place.folder)
    worker._nursery.paint_s = paint_s
    url = settings.get_redis_url()
    listeners = [ArqListener(url, queue, worker.handle) for queue in settings.list_queues()]
    async with asyncio.TaskGroup() as group:
        listening = [group.create_task(listener.listen()) for listener in listeners]
        working = group.create_task(worker.run())
        try:
            await worker.ready.wait()
            yield worker
        finally:
            worker.drain()
            await working
            for task in listening:
                task.cancel()
