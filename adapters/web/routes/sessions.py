"""Where somebody is signed in: the session that asks, all of them, and how they end."""

from aiohttp import web

from adapters.web.auth import SESSION
from adapters.web.cookies import drop_cookie, make_csrf_token, read_cookie
from adapters.web.routing import Call, Routes
from adapters.web.views.accounts import OwnSession, SessionView
from adapters.web.views.common import Listing
from core.accounts.records import Scope
from core.errors import NotFoundError

routes = Routes("sessions")
_BY_TOKEN = "You came in by a token, not by a session."


@routes.get("/me/session", errors=(NotFoundError,))
async def get_session(call: Call) -> OwnSession:
    """Get the session that you came in by, and the token that its unsafe requests must carry."""
    if SESSION not in call.request:
        raise NotFoundError(_BY_TOKEN)
    session = SessionView.of(call.request[SESSION])
    return OwnSession(session=session, csrf_token=make_csrf_token(read_cookie(call.request)))


@routes.delete("/me/session", scope=Scope.WRITE, errors=(NotFoundError,))
async def end_session(call: Call) -> web.StreamResponse:
    """Sign out: end the session that you came in by."""
    if SESSION not in call.request:
        raise NotFoundError(_BY_TOKEN)
    await call.studio.sessions.sign_out(read_cookie(call.request))
    response = web.Response(status=204)
    drop_cookie(call.request, response)
    return response


@routes.get("/me/sessions")
async def list_sessions(call: Call) -> Listing[SessionView]:
    """List where you are signed in, the latest first."""
    sessions = await call.studio.sessions.list_own(call.principal)
    return Listing[SessionView](items=tuple(SessionView.of(session) for session in sessions))


@routes.delete("/me/sessions", scope=Scope.WRITE)
async def revoke_sessions(call: Call) -> None:
    """Sign out everywhere; a link that was not used yet is void as well."""
    await call.studio.sessions.revoke_all(call.principal)


@routes.delete("/me/sessions/{session_id}", scope=Scope.WRITE)
async def revoke_session(call: Call, session_id: str) -> None:
    """Sign out of one browser, at once."""
    await call.studio.sessions.revoke(call.principal, session_id)
