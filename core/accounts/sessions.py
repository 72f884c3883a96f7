"""Being signed in on the web: a one-time link shown in a chat or a terminal, and sessions; apart because
people come in by them, programs do not. What a platform proves is in sign_ins.py.

Secrets have 256 bits, so a plain hash keeps them. Source for how long a session lasts: OWASP ASVS 5.0,
7.3.1 and 7.3.2, want both an idle and an absolute end.
"""

import contextlib
import secrets
from datetime import timedelta
from typing import TypeVar

from core.accounts.records import Account, LoginLink, Principal, Scope, Session
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.changing import delete_anyway
from core.codes import hash_secret
from core.errors import (
    AlreadyExistsError,
    NotFoundError,
    StaleError,
    UnauthenticatedError,
    UnavailableError,
)
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below, Record, new_id
from core.texts import clean_text

R = TypeVar("R", bound=Record)
LINK_LASTS = timedelta(minutes=5)
IDLE_LASTS = timedelta(days=7)
SESSION_LASTS = timedelta(days=30)
MAX_SESSIONS = 50
_USE_NOTED_EVERY = timedelta(minutes=1)
_NO_LINK = "This link is used, too old or not whole. Ask for a new one with /login."
_NO_SESSION = "There is no such session."
_ENDED = "You are not signed in any more. Ask for a new link with /login."


class Sessions:
    """Who is signed in, and in which browsers."""

    def __init__(
        self,
        links: Documents[LoginLink],
        sessions: Documents[Session],
        accounts: Accounts,
        notifications: Notifications,
        clock: Clock,
    ) -> None:
        self._links = links
        self._sessions = sessions
        self._accounts = accounts
        self._notifications = notifications
        self._clock = clock

    async def offer_link(self, principal: Principal, platform: str) -> str:
        """Make the secret of a link and return it, this once; an earlier one is void from now on."""
        require_scope(principal, Scope.WRITE)
        account = await self._accounts.get(principal)
        while True:
            secret, now = secrets.token_urlsafe(32), self._clock.now()
            await _delete_all(self._links, account.id)
            link = LoginLink(
                id=new_id("ll"),
                created_at=now,
                updated_at=now,
                account=account.id,
                platform=platform,
                secret_sha256=hash_secret(secret),
                expires_at=now + LINK_LASTS,
            )
            with contextlib.suppress(AlreadyExistsError):  # another one was made at the same time
                await self._links.insert(link)
                return secret

    async def look_at_link(self, secret: str) -> tuple[LoginLink, Account]:
        """Return a link that still works and whom it would sign in. Raises NotFoundError."""
        found = await self._links.find({"secret_sha256": hash_secret(secret)}, limit=1)
        if not found or found[0].used_at is not None or found[0].expires_at <= self._clock.now():
            raise NotFoundError(_NO_LINK)
        account = await self._accounts.follow(found[0].account)
        if account.id != found[0].account:  # shown to an account that another one took over
            raise NotFoundError(_NO_LINK)
        return found[0], account

    async def sign_in(self, secret: str, client: str, previous: str = "") -> tuple[Session, str]:
        """Use a link up and return a new session with the secret of its cookie, this once.

        `previous` is what the browser's cookie held before: that session ends. Of two at once with one
        link, one gets a session. Raises NotFoundError.
        """
        link, account = await self.look_at_link(secret)
        now = self._clock.now()
        try:
            await self._links.replace(link.changed(now, used_at=now))
        except StaleError as error:
            raise NotFoundError(_NO_LINK) from error
        return await self.open(account, link.platform, client, previous)

    async def open(
        self, account: Account, platform: str, client: str, previous: str = ""
    ) -> tuple[Session, str]:
        """Open a session for somebody who has just proved by a platform to be this account's person.

        Returns it with the secret of its cookie, this once; the session of `previous` ends.
        """
        now = self._clock.now()
        if previous:
            await self.sign_out(previous)
        await self._make_room(account.id)
        key = secrets.token_urlsafe(32)
        session = Session(
            id=new_id("ss"),
            created_at=now,
            updated_at=now,
            account=account.id,
            secret_sha256=hash_secret(key),
            client=clean_text(client)[:120],
            expires_at=now + IDLE_LASTS,
            last_used_at=now,
        )
        session = await self._sessions.insert(session)
        news = {"client": session.client, "platform": platform}
        await self._notifications.tell(
            account.id, f"signed-in:{session.id}", NewsKind.SIGNED_IN, {**news}
        )
        return session, key

    async def authenticate(self, secret: str) -> tuple[Principal, Session]:
        """Return who a cookie speaks for; a session may do all that its account may.

        Raises UnauthenticatedError.
        """
        now = self._clock.now()
        session = await self._find(secret)
        if session is None or session.expires_at <= now:
            raise UnauthenticatedError(_ENDED)
        account = await self._accounts.follow(session.account)
        if account.id != session.account or account.deleting is not None:
            raise UnauthenticatedError(_ENDED)
        if now - session.last_used_at >= _USE_NOTED_EVERY:
            ends = min(now + IDLE_LASTS, session.created_at + SESSION_LASTS)
            with contextlib.suppress(StaleError, UnavailableError):  # the next use notes it
                session = await self._sessions.replace(
                    session.changed(now, last_used_at=now, expires_at=ends)
                )
        return self._accounts.speak_for(account), session

    async def list_own(self, principal: Principal) -> list[Session]:
        """List where one is signed in, the latest first."""
        found = await self._sessions.find({"account": principal.account}, limit=MAX_SESSIONS * 2)
        now = self._clock.now()
        live = [session for session in found if session.expires_at > now]
        return sorted(live, key=lambda session: session.created_at, reverse=True)

    async def revoke(self, principal: Principal, session_id: str) -> None:
        """End one of one's sessions at once. Raises NotFoundError, the same for all others' sessions."""
        require_scope(principal, Scope.WRITE)
        try:
            session = await self._sessions.get(session_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_SESSION) from error
        if session.account != principal.account:
            raise NotFoundError(_NO_SESSION)
        await delete_anyway(self._sessions, session)

    async def revoke_all(self, principal: Principal) -> None:
        """End all of one's sessions at once, and the link that could make another."""
        require_scope(principal, Scope.WRITE)
        await self.end_all_of(principal.account)

    async def sign_out(self, secret: str) -> None:
        """End the session that a cookie belongs to; one that is over stays over."""
        session = await self._find(secret)
        if session is not None:
            await delete_anyway(self._sessions, session)

    async def end_all_of(self, account_id: str) -> None:
        """End what leads into an account from the web, for the core's own rules; doors use `revoke_all`."""
        await _delete_all(self._links, account_id)
        await _delete_all(self._sessions, account_id)

    async def sweep(self) -> None:
        """Forget links and sessions that are over."""
        old = {"expires_at": Below(self._clock.now())}
        async for link in iterate(self._links, old):
            await delete_anyway(self._links, link)
        async for session in iterate(self._sessions, old):
            with contextlib.suppress(StaleError):  # used at its last moment: it goes on
                await self._sessions.delete(session)

    async def _find(self, secret: str) -> Session | None:
        found = await self._sessions.find({"secret_sha256": hash_secret(secret)}, limit=1)
        return found[0] if found else None

    async def _make_room(self, account_id: str) -> None:
        """End the oldest sessions of somebody who has as many as there may be."""
        found = await self._sessions.find({"account": account_id}, order="created_at")
        for session in found[: max(0, len(found) - MAX_SESSIONS + 1)]:
            await delete_anyway(self._sessions, session)


async def _delete_all(documents: Documents[R], account_id: str) -> None:
    for record in await documents.find({"account": account_id}):
        await delete_anyway(documents, record)
