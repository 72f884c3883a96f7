"""A database for each test, and a table in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from tests.adapters.sqlite.crates import Crate


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    async with SqliteDatabase(tmp_path / "t.sqlite") as opened:
        yield opened


@pytest.fixture
async def crates(database: SqliteDatabase) -> SqliteDocuments[Crate]:
    return await SqliteDocuments.open(database, Crate)
