"""`trainyard serve`: apart from the worker's command, because a server has neither torch nor the worker's code."""

import asyncio

from config import running
from config.commands.starting import start


def serve() -> None:
    """Answer HTTP."""
    asyncio.run(running.serve(start()))
