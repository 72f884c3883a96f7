"""Whether the server lives and is ready, and the document that describes it; open to everyone."""

from aiohttp import web

from adapters.web.probes import READINESS
from adapters.web.routing import Call, Routes
from adapters.web.views.common import View
from core.errors import UnavailableError

DOCUMENT: web.AppKey[bytes] = web.AppKey("document", bytes)
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
    found = await call.request.app[READINESS].look()
    failed = [name for name, finding in found.items() if not finding.is_well]
    if failed:
        raise UnavailableError(f"Not ready: {', '.join(failed)}.")
    return Readiness(checks=tuple(found))


@routes.get("/openapi.json", scope=None)
async def get_openapi(call: Call) -> web.StreamResponse:
    """Get this document."""
    return web.Response(body=call.request.app[DOCUMENT], content_type="application/json")
