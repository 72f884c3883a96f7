"""JSON bodies and queries: capped, checked against their model, and refused in words; and how slow one may come."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from adapters.web.problems import explain
from adapters.web.views.common import Form
from core.errors import TooLargeError

MAX_JSON_BYTES = 1024**2
READ_STALL_S = 30.0
LEAST_BYTES_PER_S = 1024.0
F = TypeVar("F", bound=Form)


class Patience:
    """How long one body is waited for: READ_STALL_S, and what its bytes take at LEAST_BYTES_PER_S.

    Only waiting counts, not what is done with the bytes in between. A single wait is no longer than
    READ_STALL_S either.
    """

    def __init__(self) -> None:
        self._left_s = READ_STALL_S

    @asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Wait for the next bytes. Raises HTTPRequestTimeout."""
        clock = asyncio.get_running_loop().time
        began_s = clock()
        try:
            async with asyncio.timeout(min(self._left_s, READ_STALL_S)):
                yield
        except TimeoutError as error:
            raise web.HTTPRequestTimeout(text="The body did not arrive in time.") from error
        finally:
            self._left_s -= clock() - began_s

    def count(self, size_bytes: int) -> None:
        """Note that so many bytes have come."""
        self._left_s += size_bytes / LEAST_BYTES_PER_S


async def read_json(request: web.Request, form: type[F]) -> F:
    """Read a JSON body. Raises TooLargeError, InvalidFieldsError."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="Send JSON, as `Content-Type: application/json`.")
    body = await read_body(request)
    try:
        return form.model_validate_json(body)
    except ValidationError as error:
        raise explain(error, "body") from error


async def read_body(request: web.Request) -> bytes:
    """Read a body of JSON. Raises TooLargeError as soon as it passes MAX_JSON_BYTES."""
    body = bytearray()
    async with aclosing(stream_body(request)) as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise TooLargeError(f"A body has at most {MAX_JSON_BYTES // 1024} KiB of JSON.")
    return bytes(body)


async def stream_body(request: web.Request) -> AsyncGenerator[bytes, None]:
    """Yield a body as it comes; whoever takes it caps it. Raises HTTPRequestTimeout."""
    patience = Patience()
    while True:
        async with patience.wait():
            chunk = await request.content.readany()
        if not chunk:
            return
        patience.count(len(chunk))
        yield chunk


def read_query(request: web.Request, form: type[F]) -> F:
    """Read the query. Raises InvalidFieldsError."""
    try:
        return form.model_validate(dict(request.query))
    except ValidationError as error:
        raise explain(error, "query") from error
