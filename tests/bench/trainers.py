"""What takes turns at training: the real training child, and bare loops in processes of their own."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.processes import end_process
from core.offerings.records import TrainingSpec
from tests.bench import yard
from tests.bench.figures import ROOT
from tests.bench.pictures import make_small
from tests.bench.turns import read_memory_mb
from worker.messages import DoneLine, FailedLine, Line, StageLine, StepLine, TaskImage, TrainingTask
from worker.supervisor import Child

PICTURES = 12
NEVER = 1_000_000
_LOOP_S = 600.0


def make_task(spec: TrainingSpec, folder: Path, pictures: int = PICTURES) -> TrainingTask:
    """Write pictures to a folder, and the task of training on them."""
    images = []
    folder.mkdir(exist_ok=True)
    for index, body in enumerate(make_small(pictures, seed=1)):
        name = f"{index}.jpg"
        (folder / name).write_bytes(body)
        images.append(TaskImage(file=name, caption=f"a picture {index}", sha256="0" * 64))
    return TrainingTask(
        job="bench",
        spec=spec,
        images=tuple(images),
        folder=folder,
        checkpoint_every_s=NEVER,
    )


class Trained:
    """A child with a task, stopped between turns."""

    def __init__(self, child: Child, skipped: int) -> None:
        self.pid = child.pid
        self._child = child
        self._skipped = skipped
        """Steps after a pause that do not count: the pause cut one, and one may find cold caches."""
        self._lines: AsyncIterator[Line] = child.follow()

    async def run(self, steps: int) -> float:
        """Let it make some steps and return the seconds that they took."""
        os.kill(self.pid, signal.SIGCONT)
        for _ in range(self._skipped):
            await self._next_step()
        began_s = time.perf_counter()
        for _ in range(steps):
            await self._next_step()
        took_s = time.perf_counter() - began_s
        os.kill(self.pid, signal.SIGSTOP)
        return took_s

    async def wait_for(self, stage: str) -> float:
        """Return the moment at which it said that it entered a stage."""
        async for line in self._lines:
            if isinstance(line, StageLine) and line.stage == stage:
                return time.perf_counter()
        raise self._fail()

    async def finish(self) -> float:
        """Let it end its task and return the most memory that it ever had, in MB."""
        os.kill(self.pid, signal.SIGCONT)
        async for line in self._lines:
            if isinstance(line, DoneLine):
                return read_memory_mb(self.pid, "VmHWM")
        raise self._fail()

    async def _next_step(self) -> None:
        async for line in self._lines:
            if isinstance(line, StepLine):
                return
            if isinstance(line, FailedLine):
                raise RuntimeError(f"the training failed: {line.message}")
        raise self._fail()

    def _fail(self) -> RuntimeError:
        return RuntimeError(f"the training ended early: {self._child.read_log()}")


@asynccontextmanager
async def train(task: TrainingTask, skipped: int = 1) -> AsyncIterator[Trained]:
    """Start a child on a task; it ends with the context, done or not."""
    child = await Child.spawn(task.folder)
    try:
        await child.start(task)
        yield Trained(child, skipped)
    finally:
        await child.kill()


class Loop:
    """A loop's process: `python -m tests.bench.<name>` reads a task line, and then a number of steps a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, steps: int) -> float:
        """Let it make some steps and return the seconds that they took."""
        assert self._process.stdout is not None
        self.say(str(steps))
        async with asyncio.timeout(_LOOP_S):
            return float(await self._process.stdout.readline())

    def read_peak_mb(self) -> float:
        return read_memory_mb(self._process.pid, "VmHWM")

    def say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())


@asynccontextmanager
async def start_loop(name: str, task: TrainingTask) -> AsyncIterator[Loop]:
    """Start a loop with a task; it ends with the context."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.{name}",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
    )
    try:
        loop = Loop(process)
        loop.say(task.model_dump_json())
        yield loop
    finally:
        await end_process(process, yard.END_S)
