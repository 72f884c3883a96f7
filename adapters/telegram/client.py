"""The client of the Bot API: patient where Telegram asks for it, its errors in our words."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.ext import BaseRateLimiter, ExtBot

from adapters.telegram.transport import Transport
from core.errors import (
    InvalidError,
    RefusedError,
    TrainyardError,
    UnavailableError,
    UndeliverableError,
)

_log = logging.getLogger(__name__)
CLOUD_URL = "https://api.telegram.org"
_MAX_WAITS = 4
_LONGEST_WAIT_S = 60.0
Post = Callable[..., Coroutine[Any, Any, Any]]  # as the library declares it


@dataclass(frozen=True)
class Access:
    """A bot's token, and where the Bot API is."""

    token: str
    api_url: str = CLOUD_URL


class Pacing(BaseRateLimiter[None]):
    """Waits as long as Telegram asks, chat by chat: one that is flooded delays no other.

    The library's own limiter stops all chats when one is flooded, and knows no limit of a private
    chat; nothing here sends more than it is asked for.
    """

    def __init__(self) -> None:
        self._until_s: dict[object, float] = {}

    async def initialize(self) -> None:
        """Nothing has to be opened."""

    async def shutdown(self) -> None:
        """Nothing has to be closed."""

    async def process_request(
        self,
        callback: Post,
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: None,
    ) -> Any:  # whatever the callback returns
        chat = data.get("chat_id")
        for _ in range(_MAX_WAITS):
            await self._wait(chat)
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                wait_s = read_wait_s(error)
                if wait_s > _LONGEST_WAIT_S:
                    raise
                _log.info("Telegram asks for a pause of %.0f s", wait_s)
                self._until_s[chat] = asyncio.get_running_loop().time() + wait_s
        return await callback(*args, **kwargs)

    async def _wait(self, chat: object) -> None:
        rest_s = self._until_s.get(chat, 0.0) - asyncio.get_running_loop().time()
        if rest_s > 0:
            await asyncio.sleep(rest_s)
        self._until_s.pop(chat, None)


@asynccontextmanager
async def open_bot(access: Access, *, patient: bool) -> AsyncIterator[ExtBot[None]]:
    """Open a client that knows who it is; one that is not patient raises at once what went wrong.

    The library's own context leaves connections behind when it is cancelled while it opens.
    Raises TelegramError."""
    calls, polls = Transport(patient=patient), Transport(patient=False)
    bot = make_bot(access, calls, polls, Pacing() if patient else None)
    try:
        await bot.initialize()
        yield bot
    finally:
        await calls.shutdown()
        await polls.shutdown()


def make_bot(
    access: Access, calls: Transport, polls: Transport, pacing: Pacing | None = None
) -> ExtBot[None]:
    """Make a client over connections that somebody else opens and closes."""
    # The library's opt-in to what its next version does; else it warns at each RetryAfter.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    return ExtBot(
        access.token,
        base_url=f"{access.api_url.rstrip('/')}/bot",
        base_file_url=f"{access.api_url.rstrip('/')}/file/bot",
        request=calls,
        get_updates_request=polls,
        rate_limiter=pacing,
    )


def read_wait_s(error: RetryAfter) -> float:
    """Return for how long Telegram asks to wait."""
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def translate(error: TelegramError) -> TrainyardError:
    """Return what an error of the library means to us. No token is in any message."""
    if isinstance(error, InvalidToken):
        return RefusedError(
            "Telegram does not know this token. Get the right one from @BotFather (/mybots, API "
            "Token) and set TRAINYARD_TELEGRAM_TOKEN."
        )
    if isinstance(error, RetryAfter):
        return UnavailableError("Telegram is busy.", retry_after_s=read_wait_s(error))
    if isinstance(error, Forbidden):
        return UndeliverableError(f"Telegram does not let me write there: {error.message}.")
    if isinstance(error, BadRequest):
        gone = ("chat not found", "user not found", "peer_id_invalid", "deactivated")
        if any(word in error.message.lower() for word in gone):
            return UndeliverableError(f"Telegram does not know this chat: {error.message}.")
        return InvalidError(f"Telegram refuses this message: {error.message}.")
    if isinstance(error, TimedOut):
        return UnavailableError("Telegram does not answer in time.")
    return UnavailableError(f"Telegram does not answer: {error.message}.")
