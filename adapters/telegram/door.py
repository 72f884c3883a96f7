"""Telegram, from opening to closing: by polling, or by a webhook where this server has a public address."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from telegram import User, WebhookInfo
from telegram.constants import SUPPORTED_WEBHOOK_PORTS
from telegram.error import TelegramError
from telegram.ext import ExtBot

from adapters.telegram.client import Access, open_bot, translate
from adapters.telegram.desk import Desk
from adapters.telegram.files import Files
from adapters.telegram.inbox import Inbox
from adapters.telegram.menu import set_menus
from adapters.telegram.polling import KINDS, poll
from adapters.telegram.reading import PAYLOAD, PLATFORM
from adapters.telegram.stars import StarsCashier, catch_up
from bots.conversation import Conversation
from core.errors import TrainyardError

_log = logging.getLogger(__name__)
HOOK_PATH = "/telegram"
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
_GRACE_S = 4.0
_MANY_WAITING = 100
Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]


class TelegramDoor:
    """The bot on Telegram. With a `webhook_url` Telegram posts updates to us, else we ask for them."""

    name = PLATFORM

    def __init__(
        self, access: Access, conversation: Conversation, *, webhook_url: str = ""
    ) -> None:
        self._access = access
        self._conversation = conversation
        self._webhook_url = f"{webhook_url.rstrip('/')}{HOOK_PATH}" if webhook_url else ""
        self._inbox: Inbox | None = None

    @property
    def hooks(self) -> dict[str, Hook]:
        """What Telegram posts to."""
        return {HOOK_PATH: self.receive} if self._webhook_url else {}

    async def run(self) -> None:
        """Serve until cancelled. Raises RefusedError when the token is wrong, UnavailableError when
        Telegram does not answer at the start."""
        async with self._open() as bot:
            self._conversation.openings[PLATFORM] = f"{bot.link}?start={PAYLOAD}"
            await set_menus(bot, self._conversation.catalogue)
            await self._open_till(bot)
            files = Files(bot)
            desk = Desk(bot, self._conversation, files)
            inbox = Inbox(bot, self._conversation.studio.receipts, desk.take)
            await inbox.resume()
            self._inbox = inbox
            try:
                await self._serve(bot, inbox)
            finally:
                self._inbox = None
                await inbox.close(_GRACE_S)
                await desk.close()
                await files.close()

    async def _open_till(self, bot: ExtBot[None]) -> None:
        """Sell points here where packages are set; first end what was left open, whatever is sold now."""
        studio = self._conversation.studio
        if studio.top_ups.packages:
            studio.top_ups.tills[PLATFORM] = bot.link
            try:
                await catch_up(bot, studio)
            except TelegramError as error:  # a server that does not know it yet sells all the same
                _log.warning("Telegram does not say what was paid: %s", translate(error).message)
        await studio.refunds.finish_open(StarsCashier(bot))

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[ExtBot[None]]:
        """Open the client, and put what goes wrong with it into our words."""
        try:
            async with open_bot(self._access, patient=True) as bot:
                yield bot
        except TelegramError as error:
            raise translate(error) from None  # the library's messages may hold the token

    async def _serve(self, bot: ExtBot[None], inbox: Inbox) -> None:
        if not self._webhook_url:
            await bot.delete_webhook()
            _log.info("Telegram is polled as @%s", bot.username)
            await poll(bot, inbox)
        await bot.set_webhook(
            self._webhook_url, allowed_updates=KINDS, secret_token=self._make_secret()
        )
        _log.info("Telegram posts to %s as @%s", self._webhook_url, bot.username)
        await asyncio.Event().wait()

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take an update that Telegram posts; it is answered before it is acknowledged, once."""
        given = headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._make_secret().encode()):
            return 403
        if self._inbox is None:
            return 503
        try:
            update = json.loads(body)
            number = update["update_id"]
        except (ValueError, TypeError, KeyError):
            return 400
        if not isinstance(number, int):
            return 400
        try:
            task = await self._inbox.receive(update)
        except TrainyardError:
            _log.exception("an update cannot be kept; Telegram sends it again")
            return 503
        if task is not None:  # goes on although Telegram hangs up
            await asyncio.wait([task])
        return 200

    def _make_secret(self) -> str:
        """Derive what Telegram has to say with each post; whoever has the token could make it too."""
        return hmac.new(self._access.token.encode(), b"webhook", hashlib.sha256).hexdigest()

    async def inspect(self) -> list[str]:
        """List what is wrong with the token, the webhook or the bot's settings, and what to do."""
        problems = self._inspect_address()
        try:
            async with open_bot(self._access, patient=False) as bot:
                problems += _inspect_bot(bot.bot)
                problems += self._inspect_webhook(await bot.get_webhook_info())
        except TelegramError as error:
            return [*problems, str(translate(error))]
        return problems

    def _inspect_address(self) -> list[str]:
        address = urlsplit(self._webhook_url)
        port = address.port or 443
        if not self._webhook_url or (address.scheme == "https" and port in SUPPORTED_WEBHOOK_PORTS):
            return []
        return [
            "Telegram posts to https on the ports 443, 80, 88 and 8443 alone: change "
            "TRAINYARD_TELEGRAM_WEBHOOK_URL, or leave it empty to poll."
        ]

    def _inspect_webhook(self, info: WebhookInfo) -> list[str]:
        problems = []
        if info.url and not self._webhook_url:
            problems.append(
                f"Telegram posts to {info.url}, and here it is polled: `trainyard serve` takes that "
                "webhook away when it starts; end whatever set it."
            )
        if self._webhook_url and info.url != self._webhook_url:
            problems.append(
                "Telegram does not post to this server yet: start `trainyard serve`, which says so."
            )
        if info.last_error_message:
            problems.append(
                f"Telegram could not post to {info.url}: {info.last_error_message}. Check that the "
                "address leads to this server, and its certificate."
            )
        if info.pending_update_count > _MANY_WAITING:
            problems.append(
                f"{info.pending_update_count} updates wait at Telegram: is `trainyard serve` running?"
            )
        return problems


def _inspect_bot(me: User) -> list[str]:
    if me.can_read_all_group_messages:
        return [
            "The bot is told all that is written in its groups, and needs only what is said to it: "
            "switch privacy mode on at @BotFather (/setprivacy)."
        ]
    return []
