"""A process that takes points from one balance, again and again: some debits another process tries as well.

python -m tests.core.points.debits FILE SHARED OWN: says that it is ready, waits for a line, tries debits
from number SHARED on and then its own from number OWN on, and prints the numbers of those granted.
"""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.accounts.records import Account
from core.errors import InsufficientPointsError
from core.points.records import Entry, SpendingStop
from core.points.service import Points
from core.points.spending import Spending
from tests.clock import HandClock

ACCOUNT = "ac_shared"
DEBIT = 7
SHARED_TRIES, OWN_TRIES = 250, 1000


def list_tries(shared: int, own: int) -> list[int]:
    """List the numbers of a process's debits in order."""
    return [*range(shared, shared + SHARED_TRIES), *range(own, own + OWN_TRIES)]


async def open_points(database: SqliteDatabase) -> Points:
    entries = await SqliteDocuments.open(database, Entry)
    stops = await SqliteDocuments.open(database, SpendingStop)
    accounts = await SqliteDocuments.open(database, Account)
    clock = HandClock()
    return Points(entries, Spending(entries, stops, accounts, clock), clock)


async def spend(file: Path, numbers: list[int]) -> list[int]:
    """Try each debit once, and say which were granted."""
    granted = []
    async with SqliteDatabase(file) as database:
        points = await open_points(database)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        for number in numbers:
            with suppress(InsufficientPointsError):
                await points.hold(ACCOUNT, f"jb_{number}", DEBIT, "A debit")
                granted.append(number)
    return granted


if __name__ == "__main__":
    wanted = list_tries(int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(asyncio.run(spend(Path(sys.argv[1]), wanted))))
