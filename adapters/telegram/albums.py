"""Albums: each picture is taken in as it comes, and all of them are answered once; Telegram marks no end."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bots.dialog import Answer

A = TypeVar("A")
QUIET_S = 1.0
"""An album whose next picture has not come for so long is whole."""


@dataclass
class _Album(Generic[A]):
    asked: A
    caption: str = ""
    answers: list[Answer] = field(default_factory=list)
    waiting: asyncio.Task[None] | None = None


class Albums(Generic[A]):
    """The albums that are coming in. `tell` gets all answers to one album when it is whole."""

    def __init__(
        self, tell: Callable[[A, list[Answer]], Awaitable[None]], quiet_s: float = QUIET_S
    ) -> None:
        self._tell = tell
        self._quiet_s = quiet_s
        self._albums: dict[Hashable, _Album[A]] = {}
        self._telling: set[asyncio.Task[None]] = set()

    def knows(self, key: Hashable) -> bool:
        """Say whether a picture of this album has come before."""
        return key in self._albums

    def begin(self, key: Hashable, asked: A, caption: str) -> str:
        """Note that a picture of an album has come; return its caption, else that of the album."""
        album = self._albums.setdefault(key, _Album(asked))
        if album.waiting is not None:
            album.waiting.cancel()
        album.asked, album.caption = asked, album.caption or caption
        return caption or album.caption

    def end(self, key: Hashable, answer: Answer) -> None:
        """Keep the answer to a picture until the album is whole."""
        self._albums[key].answers.append(answer)
        waiting = asyncio.get_running_loop().create_task(self._wait(key))
        self._albums[key].waiting = waiting
        self._telling.add(waiting)
        waiting.add_done_callback(self._telling.discard)

    async def _wait(self, key: Hashable) -> None:
        await asyncio.sleep(self._quiet_s)
        album = self._albums.pop(key)
        await self._tell(album.asked, album.answers)

    async def close(self) -> None:
        """Answer what has come so far of each album."""
        albums = list(self._albums.values())
        self._albums.clear()
        for album in albums:
            if album.waiting is not None:
                album.waiting.cancel()
            await self._tell(album.asked, album.answers)
        await asyncio.gather(*self._telling, return_exceptions=True)
