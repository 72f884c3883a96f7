"""What all who answer people share: the conversation, the pictures, and who is followed at the moment."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import aiohttp
import discord

from adapters.discord.attachments import Pictures
from bots.conversation import Conversation
from bots.dialog import Answer, Reply
from bots.following import follow
from bots.incoming import Incoming
from core.conversations.service import Spot

_log = logging.getLogger(__name__)
PLATFORM = "discord"
MAX_FOLLOWED = 200
Edit = Callable[[Reply], Awaitable[None]]


class Desk:
    """Makes what the conversation takes, and keeps answers up to date."""

    def __init__(self, conversation: Conversation, pictures: Pictures) -> None:
        self.conversation = conversation
        self.pictures = pictures
        self._followed: dict[int, asyncio.Task[Any]] = {}

    def make_incoming(
        self,
        user: discord.abc.User,
        channel_id: int | None,
        locale: str = "",
        **what: Any,  # fields of Incoming
    ) -> Incoming:
        """Make an Incoming of somebody in a channel."""
        spot = Spot(platform=PLATFORM, external_id=str(user.id), place=str(channel_id or user.id))
        return Incoming(
            spot=spot,
            display_name=user.display_name,
            locale=locale,
            reopen=self.pictures.reopen,
            **what,
        )

    async def keep_up(
        self, message_id: int, incoming: Incoming, answer: Answer, edit: Edit
    ) -> None:
        """Edit an answer as its training goes on, in the task that gave it; ends with the training or by `let_go`."""
        training = answer.follows if isinstance(answer, Reply) else ""
        task = asyncio.current_task()
        if not training or task is None or len(self._followed) >= MAX_FOLLOWED:
            return
        self._followed[message_id] = task
        try:
            async with aclosing(follow(self.conversation, incoming, training)) as replies:
                async for reply in replies:
                    await edit(reply)
        except (discord.HTTPException, aiohttp.ClientError) as error:
            _log.info("an answer cannot be kept up to date any more: %s", error)
        finally:
            self._followed.pop(message_id, None)

    def let_go(self, message_id: int | None = None) -> None:
        """Leave this answer as it is from now on, or all of them."""
        for known, task in list(self._followed.items()):
            if message_id in (None, known):
                task.cancel()
