"""Whether the server lives and is ready, and the document that describes it; open to everyone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from adapters.web.routing import Call, Routes
from adapters.web.views.common import View
from core.errors import UnavailableError

Check = Callable[[], Awaitable[None]]
READINESS: web.AppKey[dict[str, Check]] = web.AppKey("readiness", dict)
DOCUMENT: web.AppKey[bytes] = web.AppKey("document", bytes)
CHECK_S = 5.0
_log = logging.getLogger(__name__)
routes = Routes("health")


class Health(View):
    """The server answers."""

    status: str = "ok"


class Readiness(View):
    """Everything that the server needs works, by name."""

    status: str = "ready"
    checks: tuple[str, ...]


@routes.get("/health", scope=None)
async def get_health(call: Call) -> Health:
    """Say that the server answers."""
    return Health()


@routes.get("/ready", scope=None, errors=(UnavailableError,))
async def get_readiness(call: Call) -> Readiness:
    """Say whether everything that the server needs works."""
    checks = call.request.app[READINESS]
    results = await asyncio.gather(
        *(asyncio.wait_for(check(), CHECK_S) for check in checks.values()), return_exceptions=True
    )
    failed = [name for name, result in zip(checks, results, strict=True) if result is not None]
    if failed:
        _log.warning("not ready: %s", dict(zip(checks, results, strict=True)))
        raise UnavailableError(f"Not ready: {', '.join(failed)}.")
    return Readiness(checks=tuple(checks))


@routes.get("/openapi.json", scope=None)
async def get_openapi(call: Call) -> web.StreamResponse:
    """Get this document."""
    return web.Response(body=call.request.app[DOCUMENT], content_type="application/json")
