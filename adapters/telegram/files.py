"""Pictures that people send: fetched from the file API alone, as a stream, once they are wanted."""

from collections.abc import AsyncIterator
from http import HTTPStatus

import aiohttp
from telegram import Message
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from adapters.telegram.client import translate
from bots.dialog import Picture
from core.datasets.records import Source
from core.errors import RefusedError, TooLargeError, UnavailableError

MAX_FILE_BYTES = 20 * 1024 * 1024
"""What getFile gives to bots. Source: https://core.telegram.org/bots/api#getfile"""
PHOTO = "photo-"
"""Begins the name of what was sent as a photo: Telegram gives it none."""
_CHUNK_BYTES = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=20)
_AWAY = "Telegram does not hand out this file right now."


class Files:
    """Opens what the file API holds; `async with` closes the connections."""

    def __init__(self, bot: ExtBot[None]) -> None:
        self._bot = bot
        self._session = aiohttp.ClientSession(trust_env=True, timeout=_TIMEOUT)

    async def close(self) -> None:
        await self._session.close()

    def find_picture(self, message: Message) -> Picture | None:
        """Return the picture of a message: a photo in its largest size, or a file as it was sent."""
        if message.photo:
            photo = max(message.photo, key=lambda size: size.width * size.height)
            name = f"{PHOTO}{message.message_id}.jpg"
            return self.open_picture(name, photo.file_id, photo.file_size or 0)
        if message.document and not message.animation:
            document = message.document
            name = document.file_name or f"file-{message.message_id}"
            return self.open_picture(name, document.file_id, document.file_size or 0)
        return None

    def open_picture(self, filename: str, reference: str, size_bytes: int = 0) -> Picture:
        """Make a picture of a file id; it is fetched when its bytes are wanted."""

        async def read() -> AsyncIterator[bytes]:
            if size_bytes > MAX_FILE_BYTES:
                raise _too_large()
            url, read_bytes = await self._locate(reference), 0
            try:
                async with self._session.get(url, allow_redirects=False) as answer:
                    if answer.status != HTTPStatus.OK:
                        raise UnavailableError(_AWAY)
                    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                        read_bytes += len(chunk)
                        if read_bytes > MAX_FILE_BYTES:
                            raise _too_large()
                        yield chunk
            except (aiohttp.ClientError, TimeoutError) as error:
                raise UnavailableError(_AWAY) from error

        return Picture(filename=filename, open=read, source=Source.TELEGRAM, reference=reference)

    async def _locate(self, reference: str) -> str:
        try:
            file = await self._bot.get_file(reference)
        except BadRequest as error:
            if "too big" in error.message.lower():
                raise _too_large() from error
            raise RefusedError("Telegram no longer has this file. Send it once more.") from error
        except TelegramError as error:
            raise translate(error) from error
        return file.file_path or ""


def _too_large() -> TooLargeError:
    return TooLargeError(
        "Telegram hands files of at most 20 MB to bots. Make it smaller, or send it as a photo."
    )
