"""The table of `trainyard workers`."""

import io
from datetime import UTC, datetime

from rich.console import Console

from config.fleet import show_workers
from config.settings import Settings
from core.fleet.records import Memory, Worker
from core.jobs.records import Kind
from core.studio import Studio


async def test_the_workers_are_a_table_that_a_person_can_read(
    settings: Settings, studio: Studio
) -> None:
    out = io.StringIO()
    console = Console(file=out, width=160)
    await show_workers(settings, console)
    assert "No worker is up" in out.getvalue()
    now = datetime.now(UTC)
    worker = Worker(
        id="wk_aaaaaaaaaaaaaaaa",
        created_at=now,
        updated_at=now,
        expires_at=now,
        name="gpu-1",
        code="1",
        kinds=(Kind.TRAIN,),
        families=("tiny", "sdxl"),
        memory_gb=16,
        memory=Memory(total_bytes=16 * 10**9, free_bytes=3 * 10**9),
        job="jb_a",
    )
    await studio.fleet.announce(worker)
    await show_workers(settings, console)
    row = next(line for line in out.getvalue().splitlines() if line.startswith("gpu-1"))
    assert row.split()[:2] == ["gpu-1", "busy"]
    assert "tiny sdxl" in row and "16 GB" in row and "3 GB" in row and "none" in row
    assert "Jobs that wait: 0 to train, 0 to generate, 0 to caption." in out.getvalue()
