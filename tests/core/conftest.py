"""A yard for each test of the core, in memory where the system has a folder there."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.clock import HandClock
from tests.core.yard import MEMORY, Yard, open_yard


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder; synced writes cost little in it, and crashes are made by other means."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as name:
        yield Path(name)


@pytest.fixture
async def yard(folder: Path) -> AsyncIterator[Yard]:
    async with open_yard(folder, HandClock()) as opened:
        yield opened
