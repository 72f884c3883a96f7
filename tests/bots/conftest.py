"""A conversation over a studio on real stores, and people who talk to it."""

import pytest

from bots.catalogue import list_commands
from bots.conversation import Conversation
from core.studio import Studio
from tests.bots.people import Person


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
