"""A copy of a database comes to its end however much is written meanwhile, and holds one moment of it."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

from adapters.sqlite.copying import check_database, copy_database

ROWS = 6000
BYTES = 4000
"""Twenty-four megabytes in all."""
WITHIN_S = 60


async def test_a_copy_ends_while_somebody_writes_without_a_pause(tmp_path: Path) -> None:
    source, target = tmp_path / "busy.sqlite", tmp_path / "copy.sqlite"
    with contextlib.closing(sqlite3.connect(source)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE kept (body)")
        rows = [(b"x" * BYTES,)] * ROWS
        database.executemany("INSERT INTO kept VALUES (?)", rows)
        database.commit()
    is_copied = threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(source, timeout=60)) as database:
            database.execute("PRAGMA synchronous=OFF")
            while not is_copied.is_set():
                database.execute("INSERT INTO kept VALUES (?), (?)", (b"new", b"new"))
                database.commit()

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        await asyncio.wait_for(copy_database(source, target), WITHIN_S)
    finally:
        is_copied.set()
        await writing
    assert await check_database(target) == 0
    with contextlib.closing(sqlite3.connect(target)) as copy:
        (count,) = copy.execute("SELECT count(*) FROM kept").fetchone()
    assert count >= ROWS and (count - ROWS) % 2 == 0
