"""Who is asking, and the headers that keep browsers from doing harm with an answer."""

from aiohttp import hdrs, web

from adapters.web.problems import ANSWERED
from core.accounts.records import Principal, Role
from core.errors import UnauthenticatedError
from core.studio import Studio

NOBODY = Principal(account="", role=Role.MEMBER, scopes=frozenset())
"""Who asks where no token is needed; owns nothing and may do nothing."""
_NO_TOKEN = "Sign in: send an API token as `Authorization: Bearer ty_…`."
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def authenticate(studio: Studio, request: web.Request) -> Principal:
    """Return who the request's bearer token speaks for. Raises UnauthenticatedError."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError(_NO_TOKEN)
    return await studio.tokens.authenticate(token.strip())


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on an answer that is about to begin, unless it has its own."""
    request[ANSWERED] = True
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers[hdrs.SERVER] = "Trainyard"
