"""A conversation over a studio on real stores, and people who talk to it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.catalogue import list_commands
from bots.conversation import Conversation
from config.settings import Settings
from core.studio import Studio
from tests.bots.people import Person
from tests.core.yard import MEMORY


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with the data in memory where the system has a folder there: synced writes cost little."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        yield settings.model_copy(update={"data_folder": Path(folder), "image_sandboxes": 1})


@pytest.fixture
def conversation(studio: Studio) -> Conversation:
    return Conversation(studio, list_commands(), welcome_points=100)


@pytest.fixture
def mira(conversation: Conversation) -> Person:
    """Somebody who talks."""
    return Person(conversation)


@pytest.fixture
def eve(conversation: Conversation) -> Person:
    """Somebody else."""
    return Person(conversation, name="eve")
