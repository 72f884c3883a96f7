"""Who is asking: by an API token, or by a session's cookie, and then only from our own pages."""

from aiohttp import hdrs, web

from adapters.web.cookies import (
    CSRF_HEADER,
    SAFE_METHODS,
    check_csrf_token,
    check_origin,
    read_cookie,
)
from core.accounts.records import Principal, Role, Session
from core.errors import UnauthenticatedError
from core.studio import Studio

NOBODY = Principal(account="", role=Role.MEMBER, scopes=frozenset())
"""Who asks where nobody need be known; owns nothing and may do nothing."""
SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)
"""The session by which a request came in; not there for one with a token."""
_NO_TOKEN = "Sign in, or send an API token as `Authorization: Bearer ty_…`."


async def authenticate(studio: Studio, request: web.Request) -> Principal:
    """Return who a request speaks for. Raises UnauthenticatedError, ForbiddenError.

    A request with an Authorization header never uses the cookie: no other site can send one.
    """
    if hdrs.AUTHORIZATION in request.headers:
        scheme, _, token = request.headers[hdrs.AUTHORIZATION].partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError(_NO_TOKEN)
        return await studio.tokens.authenticate(token.strip())
    secret = read_cookie(request)
    if not secret:
        raise UnauthenticatedError(_NO_TOKEN)
    if request.method not in SAFE_METHODS:
        check_origin(request)
        check_csrf_token(secret, request.headers.get(CSRF_HEADER, ""))
    principal, request[SESSION] = await studio.sessions.authenticate(secret)
    return principal
