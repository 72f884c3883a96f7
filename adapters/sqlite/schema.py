"""Which Trainyard may open a file: the number of its layout, kept in the file itself."""

import sqlite3

from core.errors import RefusedError
from core.records import LAYOUT_VERSION


def claim_schema(connection: sqlite3.Connection) -> None:
    """Note our layout in a new file. Raises RefusedError for a file with a newer one."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if found > LAYOUT_VERSION:
        raise RefusedError(
            f"These data were written by a newer Trainyard (layout {found}; this one knows "
            f"{LAYOUT_VERSION}). Update Trainyard, or open another data folder.",
            code="newer_data",
        )
    if found < LAYOUT_VERSION:
        connection.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
