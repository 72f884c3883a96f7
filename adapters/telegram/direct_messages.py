"""Messages to people who did not ask just now, over REST alone."""

from types import TracebackType
from typing import Self

from telegram.error import TelegramError

from adapters.telegram.client import Access, make_bot, translate
from adapters.telegram.reading import PLATFORM
from adapters.telegram.sending import Place, Sender
from adapters.telegram.transport import Transport
from bots.dialog import Reply


class TelegramMessages:
    """Writes to one person at a time; `async with` opens and closes its connections."""

    platform = PLATFORM

    def __init__(self, access: Access) -> None:
        self._transport = Transport(patient=False)
        self._sender = Sender(make_bot(access, self._transport, self._transport))

    async def __aenter__(self) -> Self:
        await self._transport.initialize()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._transport.shutdown()

    async def send(self, external_id: str, reply: Reply, nonce: str) -> None:
        """Send one message. Telegram knows no nonce: one that timed out may come twice."""
        try:
            await self._sender.send(Place(int(external_id)), reply)
        except TelegramError as error:
            raise translate(error) from None
