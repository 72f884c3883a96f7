"""A bot on a fake Telegram, over a studio on real stores."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.telegram.client import Access
from adapters.telegram.door import TelegramDoor
from bots.catalogue import list_commands
from bots.conversation import Conversation
from config.settings import Settings
from core.studio import Studio
from tests.adapters.telegram.chats import TOKEN
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody
from tests.core.yard import MEMORY


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with the data in memory where the system has a folder there: synced writes cost little."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        yield settings.model_copy(update={"data_folder": Path(folder), "image_sandboxes": 1})


@pytest.fixture
async def fake() -> AsyncIterator[FakeTelegram]:
    async with FakeTelegram().serve() as served:
        yield served


@pytest.fixture
def conversation(studio: Studio) -> Conversation:
    return Conversation(studio, list_commands(), welcome_points=100)


@pytest.fixture
def door(fake: FakeTelegram, conversation: Conversation) -> TelegramDoor:
    return TelegramDoor(Access(TOKEN, fake.url), conversation)


@pytest.fixture
async def polled(door: TelegramDoor) -> AsyncIterator[TelegramDoor]:
    """The door while it polls."""
    async with opened(door):
        yield door


@pytest.fixture
def ada(fake: FakeTelegram, polled: TelegramDoor) -> Somebody:
    """Somebody who talks to a bot that listens."""
    return Somebody(fake)


@asynccontextmanager
async def opened(door: TelegramDoor) -> AsyncIterator[None]:
    """Run a door; at the end it has the five seconds that it gets."""
    running = asyncio.create_task(door.run())
    try:
        yield
        assert not running.done() or running.result() is None, "the door has closed by itself"
    finally:
        running.cancel()
        async with asyncio.timeout(30):
            await asyncio.gather(running, return_exceptions=True)
