"""The database under stress: full disks, cancelled callers, closing, newer files."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import (
    RefusedError,
    StorageFullError,
    UnavailableError,
)
from core.records import LAYOUT_VERSION
from tests.adapters.sqlite.crates import T0, Crate, crate, run

ROOT = Path(__file__).resolve().parents[3]


async def limit_pages(database: SqliteDatabase, more: int) -> None:
    """Make the disk full after so many pages more."""
    used = int((await run(database, "PRAGMA page_count"))[0][0])
    await run(database, f"PRAGMA max_page_count = {used + more}")


async def test_a_full_disk_loses_nothing_acknowledged_and_heals(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    await limit_pages(database, 30)
    writes = (crates.insert(crate("x" * 3000, n)) for n in range(100))
    results = await asyncio.gather(*writes, return_exceptions=True)
    kept = [result for result in results if isinstance(result, Crate)]
    refused = [result for result in results if not isinstance(result, Crate)]
    assert kept and refused
    assert all(isinstance(error, StorageFullError) for error in refused)
    assert {c.id for c in await crates.find({})} == {c.id for c in kept}
    await run(database, "PRAGMA max_page_count = 1000000")
    more = await crates.insert(crate("y" * 3000))
    assert await crates.get(more.id) == more
    assert await run(database, "PRAGMA integrity_check") == [("ok",)]


async def test_one_write_that_is_too_large_fails_alone(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    await limit_pages(database, 10)
    small = [crates.insert(crate("s", n)) for n in range(20)]
    large = crates.insert(crate("x" * 1_000_000))
    results = await asyncio.gather(*small[:10], large, *small[10:], return_exceptions=True)
    assert isinstance(results[10], StorageFullError)
    assert await crates.count({}) == 20


async def test_a_commit_that_fails_acknowledges_nothing(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    database._connections[0].execute("PRAGMA foreign_keys = ON")  # not within a transaction
    await run(database, "CREATE TABLE a (id INTEGER PRIMARY KEY)")
    await run(
        database,
        "CREATE TABLE b (a INTEGER REFERENCES a(id) DEFERRABLE INITIALLY DEFERRED)",
    )

    def dangle(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO b VALUES (7)")  # refused by COMMIT, not before

    inserts = [crates.insert(crate(weight=n)) for n in range(10)]
    results = await asyncio.gather(
        *inserts[:5], database.write(dangle), *inserts[5:], return_exceptions=True
    )
    failed = [result for result in results if isinstance(result, Exception)]
    assert len(failed) == 1
    assert isinstance(results[5], UnavailableError)
    assert await crates.count({}) == 10
    assert await run(database, "SELECT COUNT(*) FROM b") == [(0,)]


async def test_a_size_limit_of_the_system_is_a_full_disk(tmp_path: Path) -> None:
    script = f"""
import asyncio, resource
from pathlib import Path
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from core.errors import StorageFullError
from tests.adapters.sqlite.crates import Crate, crate

async def main():
    async with SqliteDatabase(Path({str(tmp_path)!r}) / "t.sqlite") as database:
        crates = await SqliteDocuments.open(database, Crate)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, hard))
        done = await asyncio.gather(
            *(crates.insert(crate("x" * 20_000, n)) for n in range(100)), return_exceptions=True
        )
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        kept = {{c.id for c in done if isinstance(c, Crate)}}
        errors = [e for e in done if not isinstance(e, Crate)]
        assert kept and errors, (len(kept), len(errors))
        assert all(isinstance(e, StorageFullError) for e in errors), errors[0]
        assert {{c.id for c in await crates.find({{}})}} == kept
        await crates.insert(crate("x" * 20_000))
    async with SqliteDatabase(Path({str(tmp_path)!r}) / "t.sqlite") as database:
        crates = await SqliteDocuments.open(database, Crate)
        assert kept < {{c.id for c in await crates.find({{}})}}

asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


async def test_cancelled_writers_do_not_stop_the_others(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    for round_ in range(60):
        tasks = [asyncio.ensure_future(crates.insert(crate(weight=round_))) for _ in range(8)]
        for _ in range(round_ % 7):
            await asyncio.sleep(0.0003)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        kept = [result for result in results if isinstance(result, Crate)]
        stored = await crates.count({"weight": round_})
        assert len(kept) <= stored <= 8
        assert all(isinstance(result, Crate) for result in results[1::2])


async def test_a_cancelled_write_happens_before_its_end_or_never(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    for n in range(40):
        one = crate(weight=n)
        task = asyncio.ensure_future(crates.insert(one))
        for _ in range(n % 5):
            await asyncio.sleep(0.0003)
        task.cancel()
        await asyncio.wait([task])
        seen = await crates.count({"weight": n})
        await crates.count({})
        await database.write(lambda connection: None)
        assert await crates.count({"weight": n}) == seen


async def test_what_waits_is_written_before_closing_and_nothing_hangs_after(
    tmp_path: Path,
) -> None:
    async with SqliteDatabase(tmp_path / "t.sqlite") as database:
        crates = await SqliteDocuments.open(database, Crate)
        writes = [asyncio.ensure_future(crates.insert(crate(weight=n))) for n in range(600)]
        await asyncio.sleep(0)
    results = await asyncio.gather(*writes)
    assert len(results) == 600
    async with asyncio.timeout(30):
        with pytest.raises(UnavailableError, match="closed"):
            await crates.insert(crate())
        with pytest.raises(UnavailableError, match="closed"):
            await crates.count({})
    async with SqliteDatabase(tmp_path / "t.sqlite") as again:
        assert await (await SqliteDocuments.open(again, Crate)).count({}) == 600


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
async def test_a_new_file_that_another_process_is_just_opening_is_waited_for(
    tmp_path: Path, lock: str
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)) as raw:
        raw.execute(f"BEGIN {lock}")
        raw.execute("CREATE TABLE other (id)")
        asyncio.get_running_loop().call_later(0.2, raw.execute, "COMMIT")
        async with SqliteDatabase(tmp_path / "t.sqlite") as database:
            assert await run(database, "SELECT count(*) FROM other") == [(0,)]


async def test_a_newer_file_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "t.sqlite"
    async with SqliteDatabase(file) as database:
        await run(database, f"PRAGMA user_version = {LAYOUT_VERSION + 1}")
    with pytest.raises(RefusedError, match="written by a newer Trainyard") as caught:
        async with SqliteDatabase(file):
            pass
    assert caught.value.code == "newer_data"
    with sqlite3.connect(file) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (LAYOUT_VERSION + 1,)
    raw.close()


async def test_an_error_in_the_work_is_the_callers_and_undoes_only_its_own(
    database: SqliteDatabase, crates: SqliteDocuments[Crate]
) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM crates")
        raise ZeroDivisionError

    first = await crates.insert(crate())
    results = await asyncio.gather(
        database.write(broken), crates.insert(crate()), return_exceptions=True
    )
    assert isinstance(results[0], ZeroDivisionError)
    assert await crates.get(first.id) == first
    assert await crates.count({}) == 2


async def test_readers_and_writers_at_once_see_only_whole_writes(
    crates: SqliteDocuments[Crate],
) -> None:
    async def grow() -> None:
        one = await crates.insert(crate("0", 0))
        for n in range(1, 40):
            one = await crates.replace(one.changed(T0, weight=n, load=str(n)))

    async def look() -> None:
        for _ in range(40):
            for found in await crates.find({}):
                assert found.load == str(found.weight)

    await asyncio.gather(*(grow() for _ in range(4)), *(look() for _ in range(4)))
