"""A yard for each test of the core, in memory where the system has a folder there."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.mongo.database import MongoDatabase
from tests.clock import HandClock
from tests.core.yard import MEMORY, Yard, open_yard


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder; synced writes cost little in it, and crashes are made by other means."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as name:
        yield Path(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests that are marked `every_store` once on each adapter of Documents."""
    if metafunc.definition.get_closest_marker("every_store"):
        metafunc.parametrize("documents", ["sqlite", "mongo"], indirect=True)


@pytest.fixture
def documents(request: pytest.FixtureRequest) -> MongoDatabase | None:
    """Where a yard keeps its records: None is SQLite."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return None
    database: MongoDatabase = request.getfixturevalue("mongodb")
    return database


@pytest.fixture
async def yard(folder: Path, documents: MongoDatabase | None) -> AsyncIterator[Yard]:
    async with open_yard(folder, HandClock(), mongodb=documents) as opened:
        yield opened
