"""A real worker whose children note when their lines leave them: `python -m tests.bench.timed_worker FILE`."""

import asyncio
import sys
from typing import Any

from config.cli import main


def _time_children(file: str) -> None:
    """Make the worker start timed children; all else of it is as it is."""
    start = asyncio.create_subprocess_exec

    async def start_timed(*command: str, **options: Any) -> asyncio.subprocess.Process:
        # Any: asyncio's own options
        if command[-1] == "worker.child":
            command = (*command[:-1], "tests.bench.timed_child", file)
        return await start(*command, **options)

    asyncio.create_subprocess_exec = start_timed  # type: ignore[assignment]  # the same call


if __name__ == "__main__":
    _time_children(sys.argv.pop(1))
    sys.argv.append("worker")
    main()
