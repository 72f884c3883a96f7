"""A whole SQLite file copied while it is in use, and checked; apart because only backups need it."""

import asyncio
import contextlib
import sqlite3
from pathlib import Path

from adapters.sqlite.database import translate
from core.errors import DamagedError


async def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, with all that is committed. Raises UnavailableError."""
    await asyncio.to_thread(_copy, source, target)


async def check_database(file: Path) -> int:
    """Return the layout of a file whose every page and index is sound. Raises DamagedError."""
    return await asyncio.to_thread(_check, file)


def _copy(source: Path, target: Path) -> None:
    try:
        with (
            contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(target)) as new,
        ):
            old.backup(
                new
            )  # in one go: between two, any write makes it begin anew; with WAL nobody waits
            new.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise translate(error) from error


def _check(file: Path) -> int:
    try:
        with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            found = str(database.execute("PRAGMA integrity_check").fetchone()[0])
            layout = int(database.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise DamagedError(f"{file} is no sound database: {error}.") from error
    if found != "ok":
        raise DamagedError(f"{file} is damaged: {found[:200]}.")
    return layout
