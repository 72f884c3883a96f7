"""Stored bytes on their way out: revalidated by ETag, resumed by Range, never whole in memory."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.helpers import content_disposition_header

from core.ports import Blobs
from core.zipping import CONTENT_TYPE

WRITE_STALL_S = 60.0
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_CACHING = "private, max-age=3600"
_FOR_EVER = "private, max-age=31536000, immutable"


class Stored(Protocol):
    """What is known of stored bytes."""

    @property
    def key(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def content_type(self) -> str: ...


async def send_stored(
    request: web.Request,
    blobs: Blobs,
    stored: Stored,
    *,
    save_as: str = "",
    never_changes: bool = False,
) -> web.StreamResponse:
    """Answer with stored bytes; `save_as` makes browsers keep them as a file of that name, and lets the
    store itself send them where it can; what `never_changes` is not asked for again for a year.

    Raises NotFoundError while nothing was sent yet. Source for the range rules: RFC 9110 section 14.
    """
    etag = f'"{stored.sha256}"'
    headers = {
        hdrs.ETAG: etag,
        hdrs.CACHE_CONTROL: _FOR_EVER if never_changes else _CACHING,
        hdrs.VARY: f"{hdrs.AUTHORIZATION}, {hdrs.COOKIE}",
        hdrs.ACCEPT_RANGES: "bytes",
    }
    if any(tag.value in (stored.sha256, "*") for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if save_as and request.method == hdrs.METH_GET:
        kind = stored.content_type
        address = await blobs.find_address(stored.key, content_type=kind, save_as=save_as)
        if address is not None:
            headers = {hdrs.LOCATION: address, hdrs.CACHE_CONTROL: "no-store"}
            return web.Response(status=302, headers=headers)
    if save_as:
        disposition = content_disposition_header("attachment", filename=save_as)
        headers[hdrs.CONTENT_DISPOSITION] = disposition
    response = web.StreamResponse(headers=headers)
    response.content_type = stored.content_type
    start, stop = 0, stored.bytes
    if request.headers.get(hdrs.IF_RANGE, etag) == etag:
        wanted = parse_range(request.headers.get(hdrs.RANGE, ""), stored.bytes)
        if wanted is not None:
            start, stop = wanted
            response.set_status(206)
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {start}-{stop - 1}/{stored.bytes}"
    response.content_length = stop - start
    if request.method == hdrs.METH_HEAD:
        await response.prepare(request)
        return response
    await _send(request, response, blobs.read(stored.key, start=start), stop - start)
    return response


def parse_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Return the wanted [start, stop), or None for all of it, as for a header that makes no sense.

    Raises HTTPRequestRangeNotSatisfiable when it makes sense and lies outside.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
        if last and int(last) < start:
            return None
    if start >= stop:
        raise web.HTTPRequestRangeNotSatisfiable(
            headers={hdrs.CONTENT_RANGE: f"bytes */{size_bytes}"},
            text=f"This file has {size_bytes} bytes; the range lies outside.",
        )
    return start, stop


async def write(response: web.StreamResponse, chunk: bytes) -> None:
    """Send a chunk. Raises ConnectionError when the client went away or does not take it."""
    try:
        async with asyncio.timeout(WRITE_STALL_S):
            await response.write(chunk)
    except TimeoutError as error:
        raise ConnectionAbortedError("the client takes nothing") from error


async def _send(
    request: web.Request, response: web.StreamResponse, body: AsyncIterator[bytes], left_bytes: int
) -> None:
    async with _closing(body) as chunks:
        chunk = await anext(
            chunks, b""
        )  # raises NotFoundError while there still is a status to choose
        await response.prepare(request)
        while chunk and left_bytes:
            await write(response, chunk[:left_bytes])
            left_bytes -= min(left_bytes, len(chunk))
            chunk = await anext(chunks, b"") if left_bytes else b""
    if left_bytes:
        raise ConnectionAbortedError("fewer bytes are stored than were announced")
    await response.write_eof()


@asynccontextmanager
async def _closing(body: AsyncIterator[bytes]) -> AsyncIterator[AsyncIterator[bytes]]:
    """Close a generator in time when the client goes away."""
    try:
        yield body
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()


async def send_zip(
    request: web.Request, filename: str, body: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send a zip while it is written."""
    disposition = content_disposition_header("attachment", filename=filename)
    response = web.StreamResponse(headers={hdrs.CONTENT_DISPOSITION: disposition})
    response.content_type = CONTENT_TYPE
    await response.prepare(request)
    async with _closing(body) as chunks:
        async for chunk in chunks:
            await write(response, chunk)
    await response.write_eof()
    return response
