"""A process that tries to take points from one balance, again and again: its own debits and its neighbour's.

python -m tests.core.points.debits FILE FIRST COUNT: says that it is ready, waits for a line, tries
`COUNT` debits from number `FIRST` on, and prints the numbers of those that it was granted.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import InsufficientPointsError
from core.points.records import Entry, SpendingStop
from core.points.service import Points
from tests.clock import HandClock

ACCOUNT = "ac_shared"
DEBIT = 7


async def open_points(database: SqliteDatabase) -> Points:
    entries = await SqliteDocuments.open(database, Entry)
    return Points(entries, await SqliteDocuments.open(database, SpendingStop), HandClock())


async def spend(file: Path, first: int, count: int) -> list[int]:
    """Try each debit once, and say which were granted."""
    granted = []
    async with SqliteDatabase(file) as database:
        points = await open_points(database)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for number in range(first, first + count):
            with suppress(InsufficientPointsError):
                await points.hold(ACCOUNT, f"jb_{number}", DEBIT, "A debit")
                granted.append(number)
    return granted


if __name__ == "__main__":
    given = asyncio.run(spend(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps(given))
