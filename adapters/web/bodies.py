"""JSON bodies and queries: capped, checked against their model, and refused in words."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from pydantic import ValidationError

from adapters.web.problems import explain
from adapters.web.views.common import Form
from core.errors import TooLargeError

MAX_JSON_BYTES = 1024**2
READ_STALL_S = 30.0
F = TypeVar("F", bound=Form)


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
    async with patience():
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_JSON_BYTES:
                raise TooLargeError(f"A body has at most {MAX_JSON_BYTES // 1024} KiB of JSON.")
    return bytes(body)


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    """Wait READ_STALL_S for what a client sends. Raises HTTPRequestTimeout."""
    try:
        async with asyncio.timeout(READ_STALL_S):
            yield
    except TimeoutError as error:
        raise web.HTTPRequestTimeout(text="The body did not arrive in time.") from error


def read_query(request: web.Request, form: type[F]) -> F:
    """Read the query. Raises InvalidFieldsError."""
    try:
        return form.model_validate(dict(request.query))
    except ValidationError as error:
        raise explain(error, "query") from error
