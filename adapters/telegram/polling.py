"""Asking for updates: each is kept before Telegram may forget it."""

import asyncio
import logging

from telegram import Bot
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from adapters.telegram.client import read_wait_s, translate
from adapters.telegram.inbox import Inbox

_log = logging.getLogger(__name__)
KINDS = ("message", "edited_message", "channel_post", "callback_query", "pre_checkout_query")
"""What we ask to be told."""
_POLL_S = 30
_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 30.0)


async def poll(bot: Bot, inbox: Inbox) -> None:
    """Ask for updates until cancelled. Raises RefusedError when the token is not valid any more."""
    failures, after = 0, None
    while True:
        try:
            updates = await bot.get_updates(offset=after, timeout=_POLL_S, allowed_updates=KINDS)
            for update in updates:
                await inbox.receive(update.to_dict())
                after = update.update_id + 1
            if failures:
                _log.info("Telegram answers again")
            failures = 0
        except InvalidToken as error:
            raise translate(error) from None  # the library's message holds the token
        except TelegramError as error:
            pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            if isinstance(error, RetryAfter):
                pause_s = read_wait_s(error)
            if isinstance(error, Conflict):
                _log.warning("another process asks with the same token; end it: %s", error)
            else:
                _log.warning("Telegram is asked again in %.0f s: %s", pause_s, error)
            failures += 1
            await asyncio.sleep(pause_s)
