"""The bot on a local Discord: the real library over real sockets, on a studio with real stores."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.client import Place
from adapters.discord.door import DiscordDoor
from adapters.discord.endpoints import Endpoints
from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from config.settings import Settings
from core.studio import Studio
from tests.core.yard import MEMORY
from tests.fake_discord.person import Person
from tests.fake_discord.server import API, TOKEN, Discord, open_discord

Open = Callable[..., AbstractAsyncContextManager[None]]


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with the data in memory where the system has a folder there: synced writes cost little."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        yield settings.model_copy(update={"data_folder": Path(folder), "image_sandboxes": 1})


@pytest.fixture
async def discord(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Discord]:
    """A Discord of this test's own; the library's addresses are what they were afterwards."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with open_discord() as opened:
        yield opened


def find_endpoints(discord: Discord) -> Endpoints:
    return Endpoints(discord.url + API, discord.url.replace("http", "ws") + "/gateway")


@pytest.fixture
def open_door(discord: Discord, studio: Studio, settings: Settings) -> Open:
    """Opens the door, with a catalogue and a token of one's choice, and closes it."""

    @asynccontextmanager
    async def opened(
        catalogue: Catalogue | None = None, guilds: tuple[int, ...] = ()
    ) -> AsyncIterator[None]:
        catalogue = catalogue or list_commands()
        conversation = Conversation(studio, catalogue, welcome_points=500)
        place = Place(settings.data_folder / "discord-commands.json", guilds)
        door = DiscordDoor(TOKEN, conversation, find_endpoints(discord), place)
        running = asyncio.ensure_future(door.run())
        connected = asyncio.ensure_future(discord.connected.wait())
        await asyncio.wait({running, connected}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            discord.connected.clear()

    return opened


@pytest.fixture
async def served(open_door: Open) -> AsyncIterator[None]:
    """The bot, talking."""
    async with open_door():
        yield


@pytest.fixture
def mira(discord: Discord, served: None) -> Person:
    """Somebody in the direct messages with the bot."""
    return Person(discord)
