"""What is said on chat platforms, and how messages get there; apart from the doors, which a worker lacks."""

from contextlib import AsyncExitStack

from adapters.discord.direct_messages import DiscordDirectMessages
from adapters.discord.endpoints import Endpoints
from adapters.telegram.client import Access
from adapters.telegram.direct_messages import TelegramMessages
from bots.catalogue import list_commands
from bots.conversation import Conversation
from bots.delivery import DirectMessages
from config.settings import Settings
from core.studio import Studio


def make_conversation(settings: Settings, studio: Studio) -> Conversation:
    """Make what answers people on every chat platform."""
    return Conversation(studio, list_commands(), welcome_points=settings.welcome_points)


async def open_messengers(settings: Settings, stack: AsyncExitStack) -> dict[str, DirectMessages]:
    """Open what sends direct messages on each platform whose token is set."""
    messengers: dict[str, DirectMessages] = {}
    if settings.telegram_token.get_secret_value():
        telegram = await stack.enter_async_context(TelegramMessages(get_telegram(settings)))
        messengers[telegram.platform] = telegram
    if discord_token := settings.discord_token.get_secret_value():
        discord = DiscordDirectMessages(discord_token, find_discord(settings))
        messengers[discord.platform] = await stack.enter_async_context(discord)
    return messengers


def get_telegram(settings: Settings) -> Access:
    """Return the bot's token, and where the Bot API is."""
    return Access(settings.telegram_token.get_secret_value(), settings.telegram_api_url)


def find_discord(settings: Settings) -> Endpoints:
    """Return where Discord's API and gateway are."""
    return Endpoints(settings.discord_api_url, settings.discord_gateway_url)
