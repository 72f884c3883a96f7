"""`trainyard worker`: apart from the server's command, because only this one needs what the worker needs."""

import asyncio
from importlib.util import find_spec

from config import working
from config.commands.starting import start
from core.errors import RefusedError


def worker() -> None:
    """Do what is queued, one job at a time."""
    if find_spec("torch") is None:  # else the first job would find out
        raise RefusedError(
            "This machine has no torch, so it cannot train; install trainyard[worker]."
        )
    asyncio.run(working.work(start()))
