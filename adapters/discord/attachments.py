"""Pictures that people attach: refused by their size before a byte is fetched, and streamed from Discord alone."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

import aiohttp
import discord
import yarl

from adapters.discord.endpoints import CDN_HOSTS
from bots.dialog import Picture
from core.datasets.records import Source
from core.errors import RefusedError, TooLargeError

MAX_MB = 20
"""As much as the bot takes on Telegram too, twice what a free account may send. More goes by the web."""
_TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=20)
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Sent:
    """What Discord says of an attachment; the size and the name are as good as their sender."""

    filename: str
    url: str
    size_bytes: int


def list_sent(message: discord.Message) -> list[Sent]:
    """List what is attached to a message, and to the messages that it forwards."""
    forwarded = [file for part in message.message_snapshots for file in part.attachments]
    return describe([*message.attachments, *forwarded])


def describe(attachments: Iterable[discord.Attachment]) -> list[Sent]:
    return [Sent(file.filename, file.url, file.size) for file in attachments]


def read_sent(resolved: Mapping[str, Mapping[str, object]]) -> list[Sent]:
    """List the attachments of a form that was sent in."""
    return [
        Sent(str(file["filename"]), str(file["url"]), int(str(file["size"])))
        for file in resolved.values()
    ]


class Pictures:
    """Makes pictures of attachments, over one HTTP session."""

    def __init__(self, hosts: frozenset[str] = CDN_HOSTS) -> None:
        self._hosts = hosts
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def take(self, sent: Iterable[Sent], caption: str = "") -> tuple[Picture, ...]:
        """Make pictures of what was sent. Their addresses are good for a day, longer than any draft."""
        return tuple(
            Picture(
                filename=file.filename,
                open=lambda file=file: self._fetch(file),  # type: ignore[misc]  # binds this file
                source=Source.DISCORD,
                reference=file.url,
                caption=caption,
            )
            for file in sent
        )

    def reopen(self, filename: str, reference: str) -> Picture:
        """Make a picture again, of what a draft kept."""
        return self.take([Sent(filename, reference, 0)])[0]

    async def _fetch(self, file: Sent) -> AsyncIterator[bytes]:
        """Stream a picture. Raises RefusedError, whatever is wrong: the others go on without it."""
        _check_size(file.size_bytes)
        self._check_place(file.url)
        assert self._session is not None
        taken = 0
        try:
            async with self._session.get(file.url, allow_redirects=False) as answer:
                if answer.status in (403, 404, 410):
                    raise RefusedError("Discord has this picture no longer. Send it again.")
                if answer.status != 200:
                    raise RefusedError("Discord does not hand this picture over. Send it again.")
                _check_size(answer.content_length or 0)
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    taken += len(chunk)
                    _check_size(taken)
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RefusedError("Discord does not hand this picture over. Send it again.") from error

    def _check_place(self, url: str) -> None:
        try:
            place = yarl.URL(url)
        except ValueError:
            place = yarl.URL()
        if place.authority not in self._hosts or (
            place.scheme != "https" and place.authority in CDN_HOSTS
        ):
            raise RefusedError("That is no picture that was sent on Discord.")


def _check_size(size_bytes: int) -> None:
    if size_bytes > MAX_MB * 1000**2:
        raise TooLargeError(
            f"This file is larger than {MAX_MB} MB, the most that is taken here. Send it smaller."
        )
