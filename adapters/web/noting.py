"""What is noted of every request: the id that its log lines and jobs carry, how long it took, what changed."""

import logging
import re
import time

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from adapters.web.cookies import SAFE_METHODS
from core.correlation import correlated, new_request_id
from core.metering import Measure, Meter, Unmetered

REQUEST_ID = "X-Request-Id"
METER: web.AppKey[Meter] = web.AppKey("meter", Unmetered)
REQUEST: web.RequestKey[str] = web.RequestKey("request", str)
_GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = hdrs.METH_ALL
_log = logging.getLogger(__name__)


@web.middleware
async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer within the request's own id: the one that a proxy gave it, else a new one."""
    given = request.headers.get(REQUEST_ID, "")
    request[REQUEST] = given if _GIVEN.fullmatch(given) else new_request_id()
    with correlated(request[REQUEST]):
        began_s = time.perf_counter()
        status = 0
        try:
            name = f"{request.method} {name_route(request)}"
            with request.app[METER].span(name if request.method in _METHODS else "other"):
                response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            _note_end(request, status, time.perf_counter() - began_s)


def name_route(request: web.Request) -> str:
    """Name the route of a request, with its parameters' names in place of their values."""
    resource = request.match_info.route.resource  # the address itself may hold a login link
    return resource.canonical if resource is not None else "none"


def _note_end(request: web.Request, status: int, took_s: float) -> None:
    """Count an answer; 0 stands for one that the client did not wait for."""
    route, method = name_route(request), request.method
    method = method if method in _METHODS else "other"
    request.app[METER].observe(
        Measure.HTTP_S, took_s, method=method, route=route, status=str(status)
    )
    level = logging.DEBUG if method in SAFE_METHODS and status < 500 else logging.INFO
    _log.log(level, "%s %s %d in %.0f ms", method, route, status, took_s * 1000)
