"""Gzip for text that is long enough; pictures are small already, and a stream of events must not wait for more."""

from pathlib import PurePosixPath

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

LEAST_BYTES = 1024
_TYPES = frozenset({"application/json", "text/html", "text/css", "text/javascript"})
_FILES = frozenset({".css", ".js", ".svg", ".html", ".json"})


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress an answer that is text, long, and not on its way yet, for a client that takes gzip."""
    response = await handler(request)
    if response.prepared or not _is_long_text(request, response):
        return response
    response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
    if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower():
        response.enable_compression(web.ContentCoding.gzip)
    return response


def _is_long_text(request: web.Request, response: web.StreamResponse) -> bool:
    if isinstance(response, web.FileResponse):
        is_whole = hdrs.RANGE not in request.headers and hdrs.IF_NONE_MATCH not in request.headers
        return is_whole and PurePosixPath(request.path).suffix in _FILES
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return False
    return len(response.body) >= LEAST_BYTES and response.content_type in _TYPES
