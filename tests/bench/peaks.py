"""Real sizes of SD 1.5 and SDXL through the training child: how much memory, and how soon with warm caches."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from core.offerings.records import ParamValue
from tests.bench import yard
from tests.bench.figures import Effort, Reading
from tests.bench.full_size import make_base
from tests.bench.sd15 import make_spec
from tests.bench.trainers import make_task, train
from worker.messages import TrainingTask

_STEPS = 2
_PICTURES = 2


@dataclass(frozen=True)
class _Start:
    """How a training came to its first step."""

    loading_s: float
    beyond_s: float
    read_gb: float
    """From the disk while it loaded the base model."""


async def measure_sd15(effort: Effort) -> dict[str, Reading]:
    with yard.make_folder() as folder:
        params: dict[str, ParamValue] = {"steps": _STEPS, "resolution_px": effort.large_px}
        spec = make_spec("sd15-lora", make_base("sd15", folder / "base"), **params)
        reading = await _train_to_the_end(make_task(spec, folder / "task", _PICTURES))
    return {"training.sd15.peak_gb": reading}


async def measure_sdxl(effort: Effort) -> dict[str, Reading]:
    with yard.make_folder() as folder:
        params: dict[str, ParamValue] = {"steps": _STEPS, "resolution_px": effort.sdxl_px}
        spec = make_spec("sdxl-lora", make_base("sdxl", folder / "base"), **params)
        reading = await _train_to_the_end(make_task(spec, folder / "task", _PICTURES))
    return {"training.sdxl.peak_gb": reading}


async def _train_to_the_end(task: TrainingTask) -> Reading:
    """Make a training's steps, with a checkpoint after each, and read its process's peak."""
    task = task.model_copy(update={"checkpoint_every_s": 0.0})
    began_s = time.perf_counter()
    async with train(task) as trained:
        began_training_s = await trained.wait_for("training")
        peak_mb = await trained.finish()
        took_s = time.perf_counter() - began_training_s
    params = task.spec.params
    kept = len(list((task.folder / "out" / "checkpoints").iterdir()))
    note = (
        f"{params['resolution_px']} px, batch {params['train_batch_size']}, {params['mixed_precision']}"
        f"{', gradient checkpointing' if params['gradient_checkpointing'] else ''}; "
        f"{began_training_s - began_s:.0f} s to the first step, {took_s:.0f} s for {_STEPS} steps, "
        f"{kept} checkpoints and the files"
    )
    return Reading(peak_mb / 1e3, note)


async def measure_warm_start(effort: Effort) -> dict[str, Reading]:
    """Train twice on the same base model and pictures, the first time with nothing of it in memory."""
    with yard.make_folder() as folder:
        model = make_base("sd15", folder / "base")
        _forget_files(folder / "base")
        task = make_task(make_spec("sd15-lora", model, resolution_px=256), folder / "task")
        task = task.model_copy(update={"cache": folder / "cache"})
        cold, warm = await _start(task), await _start(task)
    note = (
        f"loading {warm.loading_s:.1f} s, of it read from disk {warm.read_gb:.2f} GB; the first time, with "
        f"nothing in memory, {cold.beyond_s:.1f} s beyond {cold.loading_s:.1f} s, {cold.read_gb:.2f} GB"
    )
    return {"training.warm_start_s": Reading(warm.beyond_s, note)}


async def _start(task: TrainingTask) -> _Start:
    """Follow a training to the beginning of its first step, and end it there."""
    async with train(task) as trained:
        began_s, before = await trained.wait_for("loading"), _read_disk_bytes(trained.pid)
        loaded_s, after = await trained.wait_for("encoding"), _read_disk_bytes(trained.pid)
        ready_s = await trained.wait_for("training")
    return _Start(loaded_s - began_s, ready_s - loaded_s, (after - before) / 1e9)


def _read_disk_bytes(pid: int) -> int:
    """Read how much a process had the disk read; what the page cache has does not count."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("read_bytes:"):
            return int(line.split()[1])
    raise ProcessLookupError(f"process {pid} has ended")


def _forget_files(folder: Path) -> None:
    """Have the kernel drop a folder's files from its page cache."""
    for file in folder.rglob("*.safetensors"):
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
