"""Terminals keep their data in memory where the system has a folder there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from tests.core.yard import MEMORY


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with the data in memory where the system has a folder there: synced writes cost little."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        yield settings.model_copy(update={"data_folder": Path(folder), "image_sandboxes": 1})
