"""The working process as its parent sees it: started ahead of need, given a task, followed, stopped, killed."""

import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO, Self

from pydantic import ValidationError

from core.errors import TrainyardError
from worker.messages import Line, Task, parse_line

_log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[1]
_MAX_LINE_BYTES = 1024 * 1024
_LOG_TAIL_BYTES = 4000
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
    "HF_HOME",
    "HF_ENDPOINT",
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HTTPS_PROXY",
    "NO_PROXY",
    "OMP_NUM_THREADS",
    "OMP_WAIT_POLICY",
)
"""What a child may see of the environment: nothing with a secret in it."""
_GIVEN = {"OMP_WAIT_POLICY": "PASSIVE", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
"""OpenMP's threads must not spin while they wait: beside anything else that wants a core, spinning made a
step eleven times slower (docs/decisions/0006). GPUs are counted as their driver counts them."""


class ChildDiedError(TrainyardError):
    """A child died before it had its task."""


class Child:
    """One working process; it imports torch while it waits for its task."""

    def __init__(self, process: asyncio.subprocess.Process, log_file: Path) -> None:
        self._process = process
        self._log_file = log_file

    @classmethod
    async def spawn(cls, folder: Path) -> Self:
        """Start a child in its own process group; what it complains of goes to `folder/child.log`."""
        log_file = folder / "child.log"
        with _open_log(log_file) as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "worker.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=_ROOT,
                env=_GIVEN | {name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                start_new_session=True,
                limit=_MAX_LINE_BYTES,
            )
        return cls(process, log_file)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def start(self, task: Task) -> None:
        """Hand over a task. Raises ChildDiedError when the child has died meanwhile."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(task.model_dump_json().encode() + b"\n")
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChildDiedError(f"the working process died: {self.read_log()}") from error

    async def follow(self) -> AsyncGenerator[Line, None]:
        """Yield what the child says from now on until it ends; a library's stray output is logged, not trusted."""
        assert self._process.stdout is not None
        while text := await self._process.stdout.readline():
            try:
                yield parse_line(text)
            except ValidationError:
                _log.info("child %d printed: %s", self.pid, text[:200].decode(errors="replace"))

    def stop(self) -> None:
        """Ask for a checkpoint and an end."""
        self._signal(signal.SIGTERM)

    async def kill(self) -> None:
        """End the child and whatever it started, now."""
        self._signal(signal.SIGKILL)
        await self.wait()

    async def discard(self) -> None:
        """End a child that nobody follows any more; what it still said is read, so that its pipe closes."""
        await self.kill()
        async for _ in self.follow():
            continue

    async def wait(self) -> int:
        """Return the exit code once the child has ended; negative for a signal."""
        code = await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return code

    def read_log(self) -> str:
        """Read the end of what the child complained of."""
        try:
            with self._log_file.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def _signal(self, number: signal.Signals) -> None:
        if not self.is_alive:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


def _open_log(file: Path) -> BinaryIO:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("wb")


class Nursery:
    """Keeps one child waiting, so that a job's first step does not wait for torch to be imported."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._waiting: Child | None = None

    async def prepare(self) -> None:
        """Have a child waiting."""
        if self._waiting is not None and self._waiting.is_alive:
            return
        self._count += 1
        self._waiting = await Child.spawn(self._folder / f"child-{os.getpid()}-{self._count}")

    async def take(self) -> Child:
        """Take the waiting child, or start one when there is none or it died."""
        await self.prepare()
        child, self._waiting = self._waiting, None
        assert child is not None
        return child

    async def close(self) -> None:
        """End the waiting child and remove the logs."""
        if self._waiting is not None:
            await self._waiting.discard()
        for folder in self._folder.glob(f"child-{os.getpid()}-*"):
            shutil.rmtree(folder, ignore_errors=True)
