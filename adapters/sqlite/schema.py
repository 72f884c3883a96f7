"""Which Trainyard may open a file: the number of its layout, kept in it; older files are changed to ours."""

import json
import logging
import sqlite3

from core.errors import RefusedError
from core.layouts import CHANGES, Change, Changes
from core.records import LAYOUT_VERSION

_log = logging.getLogger(__name__)


def claim_schema(
    connection: sqlite3.Connection, changes: Changes = CHANGES, ours: int = LAYOUT_VERSION
) -> None:
    """Note our layout in a new file, and bring an older one to it, in one transaction or not at all.

    Raises RefusedError for a file with a newer one.
    """
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > ours:
        raise RefusedError(
            f"These data were written by a newer Trainyard (layout {found}; this one knows "
            f"{ours}). Update Trainyard, or open another data folder.",
            code="newer_data",
        )
    for layout in range(found + 1, ours + 1) if found else ():
        for table, change in changes.get(layout, {}).items():
            _change_all(connection, table, change)
        _log.info("the data were brought from layout %d to %d", layout - 1, layout)
    if found < ours:
        connection.execute(f"PRAGMA user_version = {ours}")


def _change_all(connection: sqlite3.Connection, table: str, change: Change) -> None:
    is_there = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    if connection.execute(is_there, (table,)).fetchone() is None:
        return
    last = ""
    while rows := connection.execute(
        f"SELECT id, body FROM {table} WHERE id > ? ORDER BY id LIMIT 500", (last,)
    ).fetchall():
        for id_, body in rows:
            text = json.dumps(change(json.loads(body)), ensure_ascii=False, separators=(",", ":"))
            connection.execute(f"UPDATE {table} SET body = ? WHERE id = ?", (text, id_))
        last = rows[-1][0]
