"""Starts real processes of Trainyard for the fault tests, doomed or not, and ends those it started."""

import asyncio
import json
import os
import sys
from pathlib import Path

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LEASE_S = 2.0


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


async def start(
    settings: Settings, command: str, point: str = "never"
) -> asyncio.subprocess.Process:
    """Start a worker or a server; with a point it kills itself there."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.faults.doomed",
        point,
        command,
        cwd=ROOT,
        env=make_environment(settings),
        stderr=asyncio.subprocess.DEVNULL,
    )


async def end(process: asyncio.subprocess.Process) -> int:
    """Tell a process to end, and return its exit code."""
    if process.returncode is None:
        process.terminate()
    async with asyncio.timeout(60):
        return await process.wait()
