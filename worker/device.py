"""What this worker's machine has: GPU, memory, and the code that it runs; read afresh for each heartbeat."""

import asyncio
import contextlib
import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.fleet.records import Gpu, Memory

_ROOT = Path(__file__).resolve().parents[1]
_CODE = ("core", "worker")
_CGROUP = Path("/sys/fs/cgroup")
_QUERY = "index,uuid,name,memory.total,memory.free"
_ANSWER_S = 20.0
_MIB = 1024**2


@dataclass(frozen=True)
class Device:
    """What a worker computes with at this moment."""

    gpu: Gpu | None
    memory: Memory

    @property
    def memory_gb(self) -> int:
        """What jobs are measured against, rounded as makers of GPUs do: of the GPU, else of the machine."""
        found = self.gpu.memory if self.gpu else self.memory
        return round(found.total_bytes / 1e9)


async def read_device(visible: str | None) -> Device:
    """Read what the first of the visible GPUs has (CUDA_VISIBLE_DEVICES; None: all are), and the machine."""
    return Device(gpu=choose_gpu(await _ask_driver(), visible), memory=read_memory())


def choose_gpu(lines: Sequence[Sequence[str]], visible: str | None) -> Gpu | None:
    """Choose by index or id among the driver's lines; None when there is none, or none may be seen."""
    wanted = None if visible is None else visible.split(",")[0].strip()
    for index, uuid, name, total_mib, free_mib in lines:
        if wanted is None or wanted == index or (wanted and uuid.startswith(wanted)):
            total, free = int(total_mib) * _MIB, int(free_mib) * _MIB
            return Gpu(name=name, memory=Memory(total_bytes=total, free_bytes=free))
    return None


async def _ask_driver() -> list[list[str]]:
    """Ask nvidia-smi, which comes with the driver; no line where there is no driver or it does not answer.

    Source: `nvidia-smi --help-query-gpu`; indexes follow the bus, so children get CUDA_DEVICE_ORDER.
    """
    command = ("nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits")
    try:
        _, answer = await ask(command, _ANSWER_S)
    except (OSError, TimeoutError):
        return []
    lines = csv.reader(answer.splitlines(), skipinitialspace=True)
    return [
        line for line in lines if len(line) == 5 and line[3].isdecimal() and line[4].isdecimal()
    ]


async def ask(command: Sequence[str], within_s: float) -> tuple[int, str]:
    """Run a program and return its exit code and what it printed.

    Raises OSError when it cannot be started, and TimeoutError when it takes longer; then it is killed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(within_s):
            answer, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode is not None  # it has ended, or TimeoutError was raised
    return process.returncode, answer.decode(errors="replace")


def read_memory(cgroup: Path = _CGROUP) -> Memory:
    """Read the main memory of the machine, or of the container where that has a limit."""
    page = os.sysconf("SC_PAGE_SIZE")
    total, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
    with contextlib.suppress(OSError, ValueError):  # no cgroup, or "max": no limit
        limit = int((cgroup / "memory.max").read_text())
        used = int((cgroup / "memory.current").read_text())
        if limit < total:
            total, free = limit, max(0, min(free, limit - used))
    return Memory(total_bytes=total, free_bytes=free)


def describe_code() -> str:
    """Name the version and a digest of the source, the same on machines that run the same code."""
    digest = hashlib.sha256()
    for file in sorted(file for folder in _CODE for file in (_ROOT / folder).rglob("*.py")):
        digest.update(file.read_bytes())
    try:
        return f"{version('trainyard')}+{digest.hexdigest()[:8]}"
    except PackageNotFoundError:
        return digest.hexdigest()[:8]
