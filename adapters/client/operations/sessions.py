"""Operations on sessions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.sessions import OwnSession, SessionView
from adapters.client.paging import Pages


class SessionsOperations(Connection):
    """The operations on sessions."""

    async def get_session(self) -> OwnSession:
        """Get the session that you came in by, and the token that its unsafe requests must carry."""
        return await self._ask(OwnSession, Request("GET", ("me", "session")))

    async def end_session(self) -> None:
        """Sign out: end the session that you came in by."""
        await self._do(Request("DELETE", ("me", "session")))

    def list_sessions(self) -> Pages[SessionView]:
        """List where you are signed in, the latest first."""
        return self._list(SessionView, Request("GET", ("me", "sessions")))

    async def revoke_sessions(self) -> None:
        """Sign out everywhere; a link that was not used yet is void as well."""
        await self._do(Request("DELETE", ("me", "sessions")))

    async def revoke_session(self, session_id: str) -> None:
        """Sign out of one browser, at once."""
        await self._do(Request("DELETE", ("me", "sessions", session_id)))
