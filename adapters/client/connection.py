"""One connection to a Trainyard server: requests, answers, errors, repetitions; every operation stands on it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

import aiohttp

from adapters.client.downloads import Download
from adapters.client.errors import (
    ClientError,
    ProblemError,
    UnavailableError,
    UnreachableError,
    make_error,
)
from adapters.client.events import EventReader
from adapters.client.messages import Answer, Body, Listing
from adapters.client.paging import Pages

ENDED = ("completed", "failed", "cancelled")
"""The statuses of a job that has ended."""
TRIES = 3
LONGEST_PAUSE_S = 30.0
MAX_LOST = 100
"""So often in a row a stream is opened again before that is given up."""
_TIMEOUT = aiohttp.ClientTimeout(total=300, sock_connect=30, sock_read=60)
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
Query = Mapping[str, str | int | bool | None]
A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class Request:
    """What is asked; `path` is in parts, which are quoted here."""

    method: str
    path: tuple[str, ...]
    query: Query = field(default_factory=dict)
    body: Body | aiohttp.FormData | bytes | None = None
    key: str | None = None
    """Makes a repetition the same purchase; an empty one is chosen here."""
    if_match: str | None = None

    @property
    def address(self) -> str:
        return "/".join(quote(part, safe="") for part in self.path)

    @property
    def is_repeatable(self) -> bool:
        """Whether a request may be sent again when nobody knows what became of it."""
        return self.method == "GET" or bool(self.key)

    def make_headers(self) -> dict[str, str]:
        headers = {"Idempotency-Key": self.key, "If-Match": self.if_match}
        if isinstance(self.body, Body):
            headers["Content-Type"] = "application/json"
        elif isinstance(self.body, bytes):
            headers["Content-Type"] = "application/octet-stream"
        return {name: value for name, value in headers.items() if value}


class Connection:
    """Sends requests and reads answers; raises ClientError, and nothing of aiohttp's."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def _ask(self, answer: type[A], request: Request) -> A:
        """Ask for JSON."""
        body, etag = await self._repeat(request)
        return answer.read(body, etag)

    async def _do(self, request: Request) -> bytes:
        """Ask for something whose answer has no model."""
        return (await self._repeat(request))[0]

    def _list(self, entry: type[A], request: Request) -> Pages[A]:
        """List something, page after page."""

        async def fetch(after: str | None) -> Listing[A]:
            query = {**request.query, "after": after}
            return await self._ask(Listing[entry], replace(request, query=query))  # type: ignore[valid-type]  # a model made at run time

        after = request.query.get("after")
        return Pages(fetch, str(after) if after else None)

    async def _download(self, request: Request, to: Path) -> Path:
        """Stream an answer into a file, and go on where a lost connection stopped."""
        async with Download(to) as download:
            for left in reversed(range(TRIES)):
                try:
                    async with self._open(request, download.headers, _STREAM_TIMEOUT) as answer:
                        await download.take(answer)
                    break
                except UnreachableError:
                    if not left:
                        raise
                    await asyncio.sleep(_pause_s(left))
            await download.finish()
        return to

    async def _follow(
        self, path: tuple[str, ...], kinds: Mapping[str, type[A]]
    ) -> AsyncGenerator[A, None]:
        """Yield what a stream tells; it is opened again when it breaks, from the last event on.

        A stream that begins with a snapshot ends when its job has; any other never does.
        """
        reader, lost = EventReader(), 0
        while True:
            headers = {"Last-Event-ID": reader.last_id} if reader.last_id else {}
            try:
                async with self._open(Request("GET", path), headers, _STREAM_TIMEOUT) as answer:
                    async for kind, data in reader.read(answer.content):
                        lost = 0
                        if kind in kinds:
                            news = kinds[kind].read(data)
                            yield news
                            if "snapshot" in kinds and getattr(news, "status", "") in ENDED:
                                return
            except (UnreachableError, UnavailableError) as error:
                lost += 1
                if lost > MAX_LOST:
                    raise
                await asyncio.sleep(getattr(error, "retry_after_s", None) or 0)
            await asyncio.sleep(reader.reconnect_s)

    async def _repeat(self, request: Request) -> tuple[bytes, str]:
        """Send a request, again where that is safe, and return the answer's body and ETag."""
        if request.key == "":
            request = replace(request, key=uuid4().hex)
        for left in reversed(range(TRIES)):
            try:
                async with self._open(request, {}, _TIMEOUT) as answer:
                    return await answer.read(), answer.headers.get("ETag", "")
            except ClientError as error:
                if not left or not _may_repeat(request, error):
                    raise
                await asyncio.sleep(getattr(error, "retry_after_s", None) or _pause_s(left))
        raise AssertionError("the last try has answered or raised")

    @asynccontextmanager
    async def _open(
        self, request: Request, headers: Mapping[str, str], deadlines: aiohttp.ClientTimeout
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request once. Raises UnreachableError, also while the answer is read; ProblemError."""
        body = request.body.write() if isinstance(request.body, Body) else request.body
        query = {n: _write(value) for n, value in request.query.items() if value is not None}
        try:
            async with self._session.request(
                request.method,
                request.address,
                params=query,
                data=body,
                headers={**request.make_headers(), **headers},
                timeout=deadlines,
            ) as answer:
                if answer.status >= 400:
                    again = answer.headers.get("Retry-After")
                    raise make_error(answer.status, await answer.read(), again)
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = str(error) or "it took too long"
            raise UnreachableError(f"Trainyard does not answer: {reason}.") from error


def _may_repeat(request: Request, error: ClientError) -> bool:
    if isinstance(error, ProblemError):  # it was not done
        is_open = not isinstance(request.body, aiohttp.FormData)  # a form can be sent once only
        return (
            is_open and error.retry_after_s is not None and error.retry_after_s <= LONGEST_PAUSE_S
        )
    return isinstance(error, UnreachableError) and request.is_repeatable


def _pause_s(left: int) -> float:
    return 0.5 * 2.0 ** (TRIES - 1 - left)


def _write(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
