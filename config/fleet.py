"""`trainyard workers`: the fleet as a table in a terminal."""

import asyncio
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from config.accounts import OPERATOR
from config.commands.starting import start
from config.settings import Settings
from config.wiring import open_studio
from core.fleet.records import State
from core.fleet.service import FleetReport, SeenWorker

_COLUMNS = (
    "worker",
    "state",
    "job",
    "takes",
    "families",
    "memory",
    "free",
    "GPU",
    "code",
    "heard of",
)
_COLOURS = {State.IDLE: "green", State.BUSY: "cyan", State.DRAINING: "yellow", State.LOST: "red"}


def workers() -> None:
    """Show the workers that are up, or were lost in the last hour."""
    asyncio.run(show_workers(start()))


async def show_workers(settings: Settings, console: Console | None = None) -> None:
    """Print every worker, and how many jobs wait for one."""
    async with open_studio(settings) as studio:
        report = await studio.fleet.report(OPERATOR)
    screen = console or Console()
    if report.workers:
        screen.print(_make_table(report, datetime.now(UTC)))
    else:
        screen.print("No worker is up. Start one with `trainyard worker`.")
    waiting = ", ".join(f"{count} to {kind}" for kind, count in report.waiting.items())
    screen.print(f"Jobs that wait: {waiting}.")


def _make_table(report: FleetReport, now: datetime) -> Table:
    table = Table(*_COLUMNS, box=None, pad_edge=False)
    for seen in report.workers:
        table.add_row(*_make_row(seen, now))
    return table


def _make_row(seen: SeenWorker, now: datetime) -> tuple[str, ...]:
    worker = seen.worker
    memory = worker.gpu.memory if worker.gpu else worker.memory
    return (
        worker.name,
        f"[{_COLOURS[seen.state]}]{seen.state}[/]",
        worker.job or "-",
        " ".join(worker.kinds),
        " ".join(worker.families),
        f"{worker.memory_gb} GB",
        f"{memory.free_bytes / 1e9:.0f} GB",
        worker.gpu.name if worker.gpu else "none",
        worker.code,
        f"{(now - worker.updated_at).total_seconds():.0f} s ago",
    )
