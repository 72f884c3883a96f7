"""Messages that go on with a training: edited until it ends, or until a button of theirs is pressed."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from telegram import Message
from telegram.error import TelegramError

from adapters.telegram.sending import Sender
from bots.dialog import Reply

_log = logging.getLogger(__name__)
MOST = 200
Key = tuple[int, int]


class Followers:
    """Edits messages as their trainings go on; at most 200 at a time."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def start(self, message: Message, steps: AsyncGenerator[Reply, None]) -> None:
        """Put each of these replies into a message, until they end."""
        key = (message.chat.id, message.message_id)
        if len(self._tasks) < MOST and key not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._follow(message, steps))
            self._tasks[key] = task
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    def stop(self, key: Key) -> None:
        """Leave a message as it is from now on."""
        if key in self._tasks:
            self._tasks[key].cancel()

    async def close(self) -> None:
        """Leave every message as it is."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, message: Message, steps: AsyncGenerator[Reply, None]) -> None:
        try:
            async with aclosing(steps):
                async for reply in steps:
                    await self._sender.edit(message, reply)
        except TelegramError as error:  # it was deleted, or the bot was blocked
            _log.info("a message is not followed any more: %s", error)
