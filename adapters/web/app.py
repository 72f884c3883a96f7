"""The aiohttp application: every operation of every noun, one error door, one set of headers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from importlib.metadata import version

from aiohttp import web
from pydantic import JsonValue

from adapters.web.bodies import read_body
from adapters.web.compression import compress
from adapters.web.cookies import SITE, Site
from adapters.web.events import STREAMS, OpenStreams
from adapters.web.headers import harden
from adapters.web.limiting import LIMITS, RateLimits
from adapters.web.noting import METER, note
from adapters.web.openapi import make_document
from adapters.web.pages import PAGES, STATIC
from adapters.web.probes import PROBES, READINESS, Check, Readiness
from adapters.web.problems import error_door
from adapters.web.proving import SIGN_IN_DOOR, SignInDoor
from adapters.web.reference import make_reference
from adapters.web.routes import (
    admin,
    auto_captions,
    captions,
    datasets,
    generations,
    health,
    instance,
    items,
    me,
    models,
    notifications,
    offerings,
    points,
    resumable,
    sessions,
    sharing,
    trainings,
    usage,
)
from adapters.web.routes.health import DOCUMENT
from adapters.web.routing import STUDIO, Operation
from adapters.web.signing_in import SIGN_IN_PAGES
from core.studio import Studio

Hook = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Takes the headers and the body of a POST that a platform sends; returns the status to answer with."""

HEARTBEAT_S = 15.0
_NOUNS = (
    health,
    instance,
    me,
    sessions,
    datasets,
    sharing,
    items,
    resumable,
    captions,
    offerings,
    auto_captions,
    trainings,
    models,
    generations,
    usage,
    points,
    notifications,
    admin,
)


def create_app(
    studio: Studio,
    readiness: Mapping[str, Check] | None = None,
    *,
    heartbeat_s: float = HEARTBEAT_S,
    hooks: Mapping[str, Hook] | None = None,
    limits: RateLimits | None = None,
    public_url: str = "http://127.0.0.1:8080",
    sign_in: SignInDoor | None = None,
) -> web.Application:
    """Make the application over an open studio.

    `readiness` names what must work before requests should come in; a check raises when it does not.
    `hooks` are what chat platforms post to, by path. `public_url` is where people reach the server;
    its scheme says whether cookies need TLS. `sign_in` is by which platforms people can sign in.
    """
    operations, site = list_operations(), Site(public_url)
    app = web.Application(middlewares=[note, error_door, compress])
    app[STUDIO], app[METER] = studio, studio.meter
    app[READINESS] = Readiness(readiness or {})
    app[SITE] = site
    app[SIGN_IN_DOOR] = sign_in or SignInDoor()
    app[LIMITS] = limits or RateLimits()
    document = describe_api(site.cookie)
    app[DOCUMENT] = json.dumps(document).encode()
    app[STREAMS] = OpenStreams(heartbeat_s)
    app.add_routes([operation.route() for operation in operations])
    app.add_routes([*PROBES, *PAGES, *SIGN_IN_PAGES, STATIC, make_reference(document)])
    app.add_routes([web.post(path, _take_hook(hook)) for path, hook in (hooks or {}).items()])
    app.on_response_prepare.append(harden)
    app.on_shutdown.append(app[STREAMS].end_all)
    return app


def describe_api(cookie: str = "trainyard") -> Mapping[str, JsonValue]:
    """Make the OpenAPI document; `cookie` is the name of a session's."""
    return make_document(list_operations(), version("trainyard"), cookie)


def _take_hook(hook: Hook) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def take(request: web.Request) -> web.Response:
        return web.Response(status=await hook(request.headers, await read_body(request)))

    return take


def list_operations() -> list[Operation]:
    """List everything that the API does."""
    return [operation for noun in _NOUNS for operation in noun.routes.operations]
