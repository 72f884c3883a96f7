"""Starts real processes of Trainyard for the fault tests, doomed or not, and ends those it started.

They are forked from one process that has imported everything: dozens of them start in the time of one.
"""

import asyncio
import json
import multiprocessing
import os
import signal
from pathlib import Path

from config.processes import end_with_parent
from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 2.0
_LOOK_S = 0.02
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "tests.faults.doomed",
        "tests.faults.scenarios",
        "config.commands.work",
        "config.commands.serve",
    ]
)


class Process:
    """A process of Trainyard; what a test does to it, the machine could have done."""

    def __init__(self, command: str, point: str, environment: dict[str, str]) -> None:
        arguments = (command, point, environment)
        self._process = _CONTEXT.Process(target=_become, args=arguments)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; negative for a signal, None while it lives."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Wait for its end."""
        while True:
            if (code := self.returncode) is not None:
                return code
            await asyncio.sleep(_LOOK_S)

    async def wait_killed(self) -> None:
        """Wait until it has killed itself where it was to. Raises when it ended otherwise, or not at all."""
        async with asyncio.timeout(240):
            code = await self.wait()
        assert code == -signal.SIGKILL, f"it ended with {code} and not at its point"


def _become(command: str, point: str, environment: dict[str, str]) -> None:
    """Become the command of Trainyard, in the process that was forked for it."""
    from tests.faults.doomed import run  # the fork has it; who starts it needs none of it

    end_with_parent()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    with open(os.environ.get("TRAINYARD_FAULTS_LOG", os.devnull), "a") as log:
        os.dup2(log.fileno(), 2)
        run(point, command)


def make_environment(settings: Settings) -> dict[str, str]:
    """Make the environment in which a process has these settings."""
    names = ("data_folder", "queue_name", "http_port", "lease_s")
    wanted = {f"TRAINYARD_{name.upper()}": str(getattr(settings, name)) for name in names}
    return {
        **os.environ,
        **wanted,
        "TRAINYARD_REDIS_URL": settings.get_redis_url(),
        "TRAINYARD_SWEEP_EVERY_S": "0.3",
        "TRAINYARD_CHECKPOINT_EVERY_S": "0.2",
        "TRAINYARD_WORKER_FAMILIES": '["tiny"]',
        "TRAINYARD_WORKER_KINDS": json.dumps(settings.worker_kinds),
    }


async def start(settings: Settings, command: str, point: str = "never") -> Process:
    """Start a worker, a painter (see painting.py) or a server; with a point it kills itself there."""
    return Process(command, point, make_environment(settings))


async def end(process: Process) -> int:
    """Tell a process to end, and return its exit code."""
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(60):
        return await process.wait()
