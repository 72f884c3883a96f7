"""The ledger against bare SQLite on the same disk."""

import asyncio
import sqlite3
import time
from pathlib import Path
from statistics import median

from config.environment import OwnSettings
from config.wiring import open_studio
from core.points.records import Entry
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.turns import compare
from tests.bench.yard import make_folder

_AT_ONCE = 32
_WARMUP_ENTRIES = 200
_BALLAST_BYTES = 5_000_000
"""Either makes SQLite's log as long as it gets: one that still grows takes longer to sync."""


async def measure(effort: Effort) -> dict[str, Reading]:
    with make_folder() as folder:
        bare = _open_bare(folder / "bare.sqlite")
        async with open_studio(OwnSettings(data_folder=folder)) as studio:
            await _grant(studio, "warm-up", _WARMUP_ENTRIES)
            ours_s, bare_s, at_once_s = list[float](), list[float](), list[float]()
            for turn in range(effort.ledger_turns):
                took_s, entries = await _grant(studio, f"turn-{turn}", effort.ledger_turn_entries)
                ours_s.append(took_s / len(entries))
                bare_s.append(_insert(bare, entries) / len(entries))
                at_once_s.append(await _grant_at_once(studio, turn))
        bare.close()
    ratio, spread = compare(bare_s, ours_s)
    note = (
        f"{1 / median(ours_s):.0f} against {1 / median(bare_s):.0f} entries/s; {spread}; "
        f"{_AT_ONCE} accounts at once {1 / median(at_once_s):.0f} entries/s"
    )
    return {"ledger.entry_ratio": Reading(ratio, note)}


async def _grant(studio: Studio, turn: str, count: int) -> tuple[float, list[Entry]]:
    began_s = time.perf_counter()
    entries = [
        await studio.points.grant("ac_bench", 5, f"{turn}-{index}", "measured")
        for index in range(count)
    ]
    return time.perf_counter() - began_s, entries


async def _grant_at_once(studio: Studio, turn: int) -> float:
    """Grant to many accounts at the same time and return the seconds an entry."""
    began_s = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for index in range(_AT_ONCE):
            group.create_task(
                studio.points.grant(f"ac_bench{index}", 5, f"at-once-{turn}", "measured")
            )
    return (time.perf_counter() - began_s) / _AT_ONCE


def _open_bare(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entries (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    connection.execute("CREATE TABLE ballast AS SELECT randomblob(?) AS body", (_BALLAST_BYTES,))
    return connection


def _insert(connection: sqlite3.Connection, entries: list[Entry]) -> float:
    """Insert the same bytes, a commit each, and return the seconds."""
    rows = [(entry.id, entry.model_dump_json()) for entry in entries]
    began_s = time.perf_counter()
    for row in rows:
        connection.execute("INSERT INTO entries (id, body) VALUES (?, ?)", row)
    return time.perf_counter() - began_s
