"""Conditional requests on records: not sent again when unchanged, not changed when somebody else has."""

import hashlib
import re

from aiohttp import hdrs, web
from pydantic import BaseModel

from core.errors import InvalidError

_VERSION = re.compile(r'(?:W/)?"(\d{1,15})(?:-[0-9a-f]*)?"')


def answer_json(request: web.Request, answer: BaseModel, status: int) -> web.Response:
    """Answer with a model, and an ETag of its version, if it has one, and its bytes.

    Weak: gzip may come between. A reader that has the same is answered 304.
    """
    body = answer.model_dump_json().encode()
    version = getattr(answer, "version", 0)
    tag = f"{version}-{hashlib.sha256(body).hexdigest()[:32]}"
    headers = {hdrs.ETAG: f'W/"{tag}"'}
    is_read = request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
    if is_read and any(known.value in (tag, "*") for known in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def read_version(request: web.Request) -> int | None:
    """Return the version that must still be the stored one; None: whichever. Raises InvalidError."""
    header = request.headers.get(hdrs.IF_MATCH, "*").strip()
    if header == "*":
        return None
    match = _VERSION.fullmatch(header)
    if match is None:
        raise InvalidError("If-Match takes one ETag, as this address gave it.")
    return int(match[1])
