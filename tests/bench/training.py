"""The training child against a bare loop: steps a second and peak memory, the two taking turns."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

from config.processes import end_process
from config.settings import Settings
from config.wiring import load_offerings
from core.offerings.records import TrainingSpec
from core.offerings.service import TrainingWishes
from tests.bench import yard
from tests.bench.figures import ROOT, Effort, Reading
from tests.bench.pictures import make_small
from tests.bench.turns import compare, read_memory_mb
from worker.messages import DoneLine, Line, StepLine, TaskImage, TrainingTask
from worker.supervisor import Child

_PICTURES = 12
_SKIPPED = 2
"""Steps after a pause that do not count: one was cut by the pause, one finds cold caches."""
_NEVER = 1_000_000


async def measure(effort: Effort) -> dict[str, Reading]:
    with yard.make_folder() as folder:
        spec = make_spec(effort)
        child = await Child.spawn(folder)
        bare = await _Bare.spawn(spec)
        try:
            return await _compare(child, bare, make_task(spec, folder), effort)
        finally:
            os.kill(child.pid, signal.SIGCONT) if child.is_alive else None
            await child.kill()
            await bare.end()


async def _compare(
    child: Child, bare: "_Bare", task: TrainingTask, effort: Effort
) -> dict[str, Reading]:
    ours_s, bare_s = list[float](), list[float]()
    steps = effort.training_turn_steps
    await child.start(task)
    trained = _Trained(child)
    await trained.run(effort.warmup_steps)
    await bare.run(effort.warmup_steps)
    for _ in range(effort.training_turns):
        ours_s.append(await trained.run(steps))
        bare_s.append(await bare.run(steps))
    ours_mb, bare_mb = await trained.finish(), bare.read_peak_mb()
    ratio, spread = compare(bare_s, ours_s)
    speeds = f"{steps / median(ours_s):.1f} against {steps / median(bare_s):.1f} steps/s"
    sizes = f"{ours_mb:.0f} against {bare_mb:.0f} MB"
    return {
        "training.tiny.step_ratio": Reading(ratio, f"{speeds}; {spread}"),
        "training.tiny.memory_ratio": Reading(ours_mb / bare_mb, sizes),
    }


def make_spec(effort: Effort) -> TrainingSpec:
    """Specify a tiny training with the defaults, long enough to measure, with few samples."""
    turns = effort.training_turns * (effort.training_turn_steps + _SKIPPED + 1)
    wishes = TrainingWishes(
        offering="tiny-lora",
        trigger_words=("bench",),
        sample_prompts=("bench",),
        params={"steps": effort.warmup_steps + turns + 10, "sample_every_steps": 5000},
    )
    return load_offerings(Settings()).specify(wishes)[0]


def make_task(spec: TrainingSpec, folder: Path) -> TrainingTask:
    """Write pictures to a folder, and the task of training on them."""
    images = []
    for index, body in enumerate(make_small(_PICTURES, seed=1)):
        name = f"{index}.jpg"
        (folder / name).write_bytes(body)
        images.append(TaskImage(file=name, caption=f"a picture {index}", sha256="0" * 64))
    return TrainingTask(
        job="bench",
        spec=spec,
        images=tuple(images),
        folder=folder,
        checkpoint_every_s=_NEVER,
    )


class _Trained:
    """A child with a task, stopped between turns."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._lines: AsyncIterator[Line] = child.follow()

    async def run(self, steps: int) -> float:
        """Let it make some steps and return the seconds that they took."""
        os.kill(self._child.pid, signal.SIGCONT)
        for _ in range(_SKIPPED):
            await self._next_step()
        began_s = time.perf_counter()
        for _ in range(steps):
            await self._next_step()
        took_s = time.perf_counter() - began_s
        os.kill(self._child.pid, signal.SIGSTOP)
        return took_s

    async def finish(self) -> float:
        """Let it end its task and return the most memory that it ever had, in MB."""
        os.kill(self._child.pid, signal.SIGCONT)
        async for line in self._lines:
            if isinstance(line, DoneLine):
                return read_memory_mb(self._child.pid, "VmHWM")
        raise RuntimeError(f"the training failed: {self._child.read_log()}")

    async def _next_step(self) -> None:
        async for line in self._lines:
            if isinstance(line, StepLine):
                return
        raise RuntimeError(f"the training ended early: {self._child.read_log()}")


class _Bare:
    """The bare loop's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def spawn(cls, spec: TrainingSpec) -> "_Bare":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.bare_loop",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
        )
        bare = cls(process)
        bare._say(spec.model_dump_json())
        return bare

    async def run(self, steps: int) -> float:
        """Let it make some steps and return the seconds that they took."""
        assert self._process.stdout is not None
        self._say(str(steps))
        return float(await self._process.stdout.readline())

    def read_peak_mb(self) -> float:
        return read_memory_mb(self._process.pid, "VmHWM")

    async def end(self) -> None:
        await end_process(self._process, yard.END_S)

    def _say(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
