"""The chat platforms: those whose token is set, served side by side, so that one that fails stops no other."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from adapters.discord.client import Place
from adapters.discord.door import DiscordDoor
from adapters.telegram.door import TelegramDoor
from adapters.web.app import Hook
from bots.conversation import Conversation
from config.messengers import find_discord, get_telegram
from config.settings import Settings
from core.errors import RefusedError
from core.studio import Studio

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 2.0
_LONGEST_PAUSE_S = 120.0
_STEADY_S = 300.0
"""A door that was open for so long begins with a short pause again."""


class Door(Protocol):
    """A chat platform, served until it is told to stop."""

    @property
    def name(self) -> str:
        """The platform as identities name it."""
        ...

    @property
    def hooks(self) -> dict[str, Hook]:
        """What this platform posts to on our web server, by path."""
        ...

    async def run(self) -> None:
        """Serve until cancelled, then finish what runs, within five seconds. Raises RefusedError, in
        words, when the operator must act; whatever else is raised is tried again later."""
        ...

    async def inspect(self) -> list[str]:
        """List what is wrong with the token, the permissions or the webhook, and what to do about it."""
        ...


def make_doors(settings: Settings, studio: Studio, conversation: Conversation) -> list[Door]:
    """Make the doors whose token is set."""
    doors: list[Door] = []
    if settings.telegram_token.get_secret_value():
        access, webhook_url = get_telegram(settings), settings.telegram_webhook_url
        doors.append(TelegramDoor(access, conversation, webhook_url=webhook_url))
    if discord_token := settings.discord_token.get_secret_value():
        place = Place(settings.data_folder / "discord-commands.json", settings.discord_guilds)
        doors.append(DiscordDoor(discord_token, conversation, find_discord(settings), place))
    return doors


async def run_doors(doors: Sequence[Door]) -> None:
    """Serve every door until cancelled."""
    async with asyncio.TaskGroup() as group:
        for door in doors:
            group.create_task(_keep_open(door))


async def _keep_open(door: Door) -> None:
    pause_s = _FIRST_PAUSE_S
    while True:
        started_s = asyncio.get_running_loop().time()
        try:
            await door.run()
            _log.warning("the door %s closed by itself", door.name)
        except RefusedError as error:
            _log.error("the door %s stays closed: %s", door.name, error.message)
            return
        except Exception:  # the doors' door for errors: one that fails must not end the others
            _log.exception("the door %s failed", door.name)
        if asyncio.get_running_loop().time() - started_s > _STEADY_S:
            pause_s = _FIRST_PAUSE_S
        _log.info("the door %s opens again in %.0f s", door.name, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
