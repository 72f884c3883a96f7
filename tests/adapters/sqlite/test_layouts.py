"""Older data are brought to our layout when they are opened, once, and whole or not at all."""

import json
import sqlite3
from pathlib import Path

import pytest

from adapters.sqlite.schema import claim_schema
from core.errors import RefusedError
from core.layouts import Changes, Document


def rename(document: Document) -> Document:
    return {**document, "name": document["name"] + "!"}


def tear(document: Document) -> Document:
    if document["name"] == "flag 700":
        raise ValueError("torn")
    return rename(document)


def make(file: Path, layout: int) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("CREATE TABLE datasets (id TEXT PRIMARY KEY, body TEXT)")
    for index in range(1200):
        body = json.dumps({"name": f"flag {index}"})
        connection.execute("INSERT INTO datasets VALUES (?, ?)", (f"ds_{index:05d}", body))
    connection.execute(f"PRAGMA user_version = {layout}")
    return connection


def claim(connection: sqlite3.Connection, changes: Changes, ours: int) -> None:
    """As the database does it: in a transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        claim_schema(connection, changes, ours)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def names(connection: sqlite3.Connection) -> set[str]:
    return {json.loads(row[0])["name"] for row in connection.execute("SELECT body FROM datasets")}


def test_every_record_is_changed_once_over_all_layouts_between(tmp_path: Path) -> None:
    connection = make(tmp_path / "old.sqlite", 1)
    changes: Changes = {2: {"datasets": rename}, 3: {"datasets": rename, "nowhere": rename}}
    for _ in range(2):
        claim(connection, changes, 3)
        assert names(connection) == {f"flag {index}!!" for index in range(1200)}
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    connection.close()


def test_a_change_that_fails_leaves_the_data_as_they_were(tmp_path: Path) -> None:
    connection = make(tmp_path / "old.sqlite", 1)
    with pytest.raises(ValueError, match="torn"):
        claim(connection, {2: {"datasets": tear}}, 2)
    assert names(connection) == {f"flag {index}" for index in range(1200)}
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    connection.close()


def test_newer_data_are_refused_with_what_to_do(tmp_path: Path) -> None:
    connection = make(tmp_path / "new.sqlite", 4)
    with pytest.raises(RefusedError, match=r"newer Trainyard .* Update Trainyard"):
        claim(connection, {}, 3)
    connection.close()
