"""The same conversations as in the terminal, played by a person on a local Discord, with a real worker's news."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from adapters.console.script import play
from adapters.discord.direct_messages import DiscordDirectMessages
from bots.catalogue import list_commands
from bots.conversation import Conversation
from bots.delivery import deliver_news
from config.settings import Settings
from core.studio import Studio
from tests.adapters.discord.conftest import Open, discord, find_endpoints, open_door
from tests.fake_discord.person import Person
from tests.fake_discord.server import TOKEN, Discord
from tests.fake_discord.stage import DiscordStage
from tests.journeys.conftest import work
from tests.journeys.test_journeys import HERE, SCRIPTS

__all__ = ["discord", "open_door"]


@asynccontextmanager
async def deliver(studio: Studio, platform: Discord) -> AsyncIterator[None]:
    """Send news as a worker process does."""
    conversation = Conversation(studio, list_commands())
    async with DiscordDirectMessages(TOKEN, find_endpoints(platform)) as messages:
        sending = asyncio.ensure_future(
            deliver_news(studio, conversation, {messages.platform: messages})
        )
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("journey", SCRIPTS)
async def test_a_journey(
    journey: str,
    discord: Discord,
    open_door: Open,
    settings: Settings,
    studio: Studio,
) -> None:
    script = SCRIPTS[journey]
    trains = "wait:" in script
    async with AsyncExitStack() as stack:
        if trains:
            await stack.enter_async_context(work(studio, settings))
            await stack.enter_async_context(deliver(studio, discord))
        await stack.enter_async_context(open_door())
        person = Person(discord)
        stage = DiscordStage(person, list_commands(), Path(HERE))
        await play(script, stage, wait_s=90)
    assert (await studio.reconciler.reconcile()).is_sound
