"""Starts Trainyard's processes as `trainyard up` has them, and stops what it started, by process id."""

import asyncio
import contextlib
import sys
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from config.environment import make_environment
from config.processes import end_process, end_with_parent
from config.settings import Settings
from core.errors import UnavailableError
from worker.findings import GlanceRequest, Request

_ROOT = Path(__file__).resolve().parents[2]
_COMMANDS = {"redis": "redis", "web": "serve", "worker": "worker"}
_MEASURING = "measuring"
_WAITING = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that spin starve each other on a busy machine."""
_READY_S = 60.0
_STOP_S = 15.0
T = TypeVar("T")


class Services:
    """Redis, web server and worker on loopback, for as long as the context lasts."""

    def __init__(self, settings: Settings, log_folder: Path) -> None:
        self.log_folder = log_folder
        self._settings = settings
        self._commands = dict(_COMMANDS)
        if not settings.runs_own_redis:
            del self._commands["redis"]
        self._processes: dict[str, asyncio.subprocess.Process] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._settings.http_port}"

    async def __aenter__(self) -> Self:
        self.log_folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, command in self._commands.items():
                arguments = [sys.executable, "-m", "config.cli", command]
                self._processes[name] = await self._start(name, arguments, asks=False)
            await self.run_beside(self._wait_until_ready())
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop()

    # Any: asyncio's own parameters of a coroutine that is only awaited.
    async def run_beside(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something while the processes live. Raises UnavailableError as soon as one of them ends."""
        task = asyncio.create_task(work)
        ends = {
            asyncio.create_task(process.wait()): name for name, process in self._processes.items()
        }
        try:
            await asyncio.wait({task, *ends}, return_when=asyncio.FIRST_COMPLETED)
            for end, name in ends.items():
                if end.done() and not task.done():
                    raise UnavailableError(f"The {name} process ended with {end.result()}.")
            return await task
        finally:
            for started in (task, *ends):
                started.cancel()
            await asyncio.gather(task, *ends, return_exceptions=True)

    async def measure(self, request: Request | GlanceRequest) -> bytes:
        """Ask the measuring process, which is started for the first request and then stays.

        Raises UnavailableError when it has ended.
        """
        if _MEASURING not in self._processes:
            command = [sys.executable, "-m", "worker.measuring"]
            self._processes[_MEASURING] = await self._start(_MEASURING, command, asks=True)
        process = self._processes[_MEASURING]
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # told below
            process.stdin.write(request.model_dump_json().encode() + b"\n")
            await process.stdin.drain()
        if not (line := await process.stdout.readline()):
            code = await process.wait()
            raise UnavailableError(f"The {_MEASURING} process ended with {code}.")
        return line

    async def _start(
        self, name: str, command: list[str], *, asks: bool
    ) -> asyncio.subprocess.Process:
        with (self.log_folder / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *command,
                cwd=_ROOT,
                env={**make_environment(self._settings), **_WAITING},
                stdin=asyncio.subprocess.PIPE if asks else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if asks else log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    async def _wait_until_ready(self) -> None:
        """Return once the server says that it is ready, and Redis with it."""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(_READY_S):
                    while True:
                        if await _is_ready(session, f"{self.url}/api/v1/ready"):
                            return
                        await asyncio.sleep(0.1)
            except TimeoutError as error:
                raise UnavailableError(
                    f"Trainyard was not ready after {_READY_S:.0f} seconds."
                ) from error

    async def _stop(self) -> None:
        """Stop what was started, Redis last; a second Ctrl-C leaves the rest to the kernel."""
        for name in (_MEASURING, *reversed(_COMMANDS)):
            if name in self._processes:
                await end_process(self._processes.pop(name), _STOP_S)


async def _is_ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=10)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
