"""Every conversation of the terminal, played on Telegram: a real client, a fake server, a real worker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from adapters.console.script import play
from adapters.telegram.client import Access
from adapters.telegram.direct_messages import TelegramMessages
from adapters.telegram.door import TelegramDoor
from bots.catalogue import list_commands
from bots.conversation import Conversation
from bots.delivery import deliver_news
from config.settings import Settings
from core.studio import Studio
from tests.adapters.telegram.chats import ME, TOKEN
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody
from tests.adapters.telegram.stage import TelegramStage
from tests.journeys.conftest import work
from tests.journeys.test_journeys import HERE, SCRIPTS


@pytest.mark.parametrize("journey", SCRIPTS)
async def test_a_journey(journey: str, settings: Settings, studio: Studio) -> None:
    script = SCRIPTS[journey]
    conversation = Conversation(studio, list_commands(), welcome_points=500)
    async with AsyncExitStack() as stack:
        fake = await stack.enter_async_context(FakeTelegram().serve())
        access = Access(TOKEN, fake.url)
        if "wait:" in script:
            await stack.enter_async_context(work(studio, settings))
            await stack.enter_async_context(news(studio, conversation, access))
        await stack.enter_async_context(opened(TelegramDoor(access, conversation)))
        person = Somebody(fake)
        await play(script, TelegramStage(person, conversation.catalogue, HERE), wait_s=90)
    if "wait:" in script:
        shown = {m["shown"] for m in person.chat.messages if m["from"] == ME and "shown" in m}
        assert "samples.png" in shown
        assert any(name.endswith(".safetensors") for name in shown)
    assert (await studio.reconciler.reconcile()).is_sound


@asynccontextmanager
async def news(studio: Studio, conversation: Conversation, access: Access) -> AsyncIterator[None]:
    """Send news as the worker's process does."""
    async with TelegramMessages(access) as messages:
        sending = asyncio.create_task(
            deliver_news(studio, conversation, {messages.platform: messages})
        )
        yield
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
