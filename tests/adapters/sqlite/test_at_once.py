"""Reads on the event loop: short ones stay there, long ones leave it, and neither keeps others from their turn."""

import asyncio
import sqlite3
import threading
import time

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import UnavailableError
from tests.adapters.sqlite.crates import Crate, crate

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) SELECT MAX(i) FROM n"


async def test_a_short_read_wakes_no_thread(database: SqliteDatabase) -> None:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("SELECT 1").fetchone()
        return threading.get_ident()

    assert await database.read(work) == threading.get_ident()


async def test_a_long_read_is_made_in_a_thread(database: SqliteDatabase) -> None:
    def work(connection: sqlite3.Connection) -> tuple[int, int]:
        return connection.execute(ENDLESS).fetchone()[0], threading.get_ident()

    found, thread = await database.read(work)
    assert found == 300_000
    assert thread != threading.get_ident()


async def test_a_read_sees_a_write_that_returned(crates: SqliteDocuments[Crate]) -> None:
    kept = await crates.insert(crate(weight=1))
    for weight in range(2, 20):
        kept = await crates.replace(kept.model_copy(update={"weight": weight}))
        assert await crates.get(kept.id) == kept


async def test_a_row_of_reads_lets_others_have_their_turn(crates: SqliteDocuments[Crate]) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    until_s = time.monotonic() + 0.1
    while time.monotonic() < until_s:
        await crates.find({})
    other.cancel()
    assert turns >= 10


async def test_a_read_that_fails_is_told_in_the_core_s_words(database: SqliteDatabase) -> None:
    with pytest.raises(UnavailableError, match="no such table"):
        await database.read(lambda connection: connection.execute("SELECT 1 FROM no_table"))
