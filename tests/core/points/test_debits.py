"""Eight processes spend from one balance: what it covers is granted, once each, and nothing beyond it."""

import asyncio
import json
import sys
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.points.records import Entry, EntryKind
from tests.conftest import ROOT
from tests.core.points.debits import (
    ACCOUNT,
    DEBIT,
    OWN_TRIES,
    SHARED_TRIES,
    list_tries,
    open_points,
)

PROCESSES = 8
AFFORDABLE = 1000


def number_tries(process: int) -> tuple[int, int]:
    """Each two processes begin with the same debits: whichever comes second must get the same ones."""
    return 100_000 + process // 2 * SHARED_TRIES, process * OWN_TRIES


async def start(file: Path, number: int) -> asyncio.subprocess.Process:
    """Start a process that is ready to spend."""
    pipe = asyncio.subprocess.PIPE
    command = ("-m", "tests.core.points.debits", str(file), *map(str, number_tries(number)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, cwd=ROOT, stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def spend(process: asyncio.subprocess.Process) -> set[int]:
    out, _ = await process.communicate(b"go\n")
    assert process.returncode == 0
    return set(json.loads(out))


async def test_of_ten_thousand_debits_by_eight_processes_exactly_the_affordable_succeed(
    folder: Path,
) -> None:
    async with SqliteDatabase(folder / "t.sqlite") as database:
        points = await open_points(database)
        await points.grant(ACCOUNT, AFFORDABLE * DEBIT + DEBIT - 1, "start", "To be spent")
        starts = (start(folder / "t.sqlite", number) for number in range(PROCESSES))
        processes = await asyncio.gather(*starts)
        granted = await asyncio.gather(*map(spend, processes))
        documents = await SqliteDocuments.open(database, Entry)
        entries = await documents.find({"account": ACCOUNT}, order="seq", limit=20_000)
    held = [int(e.ref.removeprefix("jb_")) for e in entries if e.kind is EntryKind.HOLD]
    assert len(held) == len(set(held)) == AFFORDABLE
    assert entries[-1].balance_after_points == DEBIT - 1
    for number, answers in enumerate(granted):
        tried = set(list_tries(*number_tries(number)))
        assert answers == {debit for debit in held if debit in tried}
