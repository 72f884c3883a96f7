"""The processes of `trainyard up`; apart, because what keeps one running should be small."""

import sys

import typer

from adapters.redis_server import become_server
from config.commands.starting import start
from config.keeper import keep

KEPT = ("redis", "web", "worker")


def keep_running(name: str) -> None:
    """Run one of the processes of `up`, again and again."""
    if name not in KEPT:
        raise typer.BadParameter(f"one of: {', '.join(KEPT)}")
    sys.exit(keep([sys.executable, "-m", "config.cli", name]))


def redis() -> None:
    """Be the redis-server of this data folder."""
    settings = start()
    become_server(settings.redis_folder, settings.redis_socket)
