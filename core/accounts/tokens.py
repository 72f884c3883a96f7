"""API tokens: made, recognised, listed and revoked; apart because programs come in by them, people do not."""

import contextlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from core.accounts.records import Account, ApiToken, Principal, Role, Scope
from core.accounts.service import Accounts
from core.codes import hash_secret
from core.errors import (
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    UnauthenticatedError,
    UnavailableError,
)
from core.ports import Clock, Documents
from core.records import Above, Condition, new_id
from core.texts import clean_text

MAX_TOKENS = 50
_USE_NOTED_EVERY = timedelta(hours=1)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_PREFIX = "ty"
_NO_TOKEN = "There is no such token."
_BAD_TOKEN = "This token is not valid. Make a new one and send it as `Authorization: Bearer ty_…`."


def require_scope(principal: Principal, scope: Scope) -> None:
    """Raise ForbiddenError unless the principal carries the scope."""
    if scope not in principal.scopes:
        raise ForbiddenError(f"This token lacks the scope “{scope.value}”; make one that has it.")


def require_admin(principal: Principal) -> None:
    """Raise ForbiddenError for all but admins."""
    if not principal.is_admin:
        raise ForbiddenError("This is for admins.")


class Tokens:
    """Who programs speak for."""

    def __init__(self, tokens: Documents[ApiToken], accounts: Accounts, clock: Clock) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._clock = clock

    async def create(
        self,
        account: Account,
        name: str,
        scopes: Sequence[Scope] = tuple(Scope),
        *,
        lifetime: timedelta | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a token; the secret text is returned this once and only its hash is kept."""
        name = clean_text(name)
        if not 1 <= len(name) <= 80:
            raise InvalidError("Give the token a name of 1 to 80 characters.")
        live: dict[str, Condition] = {"account": account.id, "revoked_at": None}
        if await self._tokens.count(live) >= MAX_TOKENS:
            raise RefusedError(f"You have {MAX_TOKENS} tokens; revoke one before you make another.")
        now = self._clock.now()
        allowed = [s for s in scopes if s is not Scope.ADMIN or account.role is Role.ADMIN]
        secret = secrets.token_urlsafe(32)
        token = ApiToken(
            id=new_id("tk"),
            created_at=now,
            updated_at=now,
            account=account.id,
            name=name,
            secret_sha256=hash_secret(secret),
            scopes=tuple(allowed),
            expires_at=now + lifetime if lifetime else None,
        )
        token = await self._tokens.insert(token)
        return token, f"{_PREFIX}_{token.id.removeprefix('tk_')}_{secret}"

    async def create_own(
        self,
        principal: Principal,
        name: str,
        scopes: Sequence[Scope],
        *,
        lifetime: timedelta | None = None,
    ) -> tuple[ApiToken, str]:
        """Make a token for oneself; it may do no more than the principal that asks for it."""
        for scope in scopes:
            require_scope(principal, scope)
        account = await self._accounts.get(principal)
        return await self.create(account, name, scopes, lifetime=lifetime)

    async def authenticate(self, text: str) -> Principal:
        """Return who a bearer token speaks for. Raises UnauthenticatedError."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != _PREFIX or not text.isascii():
            raise UnauthenticatedError(_BAD_TOKEN)
        try:
            token = await self._tokens.get(f"tk_{parts[1]}")
        except NotFoundError as error:
            raise UnauthenticatedError(_BAD_TOKEN) from error
        given = hash_secret(parts[2])
        expired = token.expires_at is not None and token.expires_at <= self._clock.now()
        if not hmac.compare_digest(given, token.secret_sha256) or token.revoked_at or expired:
            raise UnauthenticatedError(_BAD_TOKEN)
        try:
            account = await self._accounts.follow(token.account)
        except NotFoundError as error:
            raise UnauthenticatedError(_BAD_TOKEN) from error
        if account.deleting is not None:
            raise UnauthenticatedError(_BAD_TOKEN)
        await self._note_use(token)
        return Principal(account=account.id, role=account.role, scopes=frozenset(token.scopes))

    async def _note_use(self, token: ApiToken) -> None:
        """Keep when a token was last used, to the hour, so that reading does not mean writing."""
        now = self._clock.now()
        if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
            with contextlib.suppress(StaleError, UnavailableError):  # the next use notes it
                await self._tokens.replace(token.changed(now, last_used_at=now))

    async def list_own(self, principal: Principal) -> list[ApiToken]:
        """List one's tokens, newest first: all that are not revoked, and the latest of those that are."""
        mine: dict[str, Condition] = {"account": principal.account}
        live = await self._tokens.find({**mine, "revoked_at": None}, limit=MAX_TOKENS * 2)
        revoked: dict[str, Condition] = {**mine, "revoked_at": Above(_LONG_AGO)}
        dead = await self._tokens.find(revoked, order="-created_at", limit=MAX_TOKENS)
        return sorted((*live, *dead), key=lambda token: token.created_at, reverse=True)

    async def revoke(self, principal: Principal, token_id: str) -> None:
        """End a token at once; again changes nothing. Raises NotFoundError, the same for all others' tokens."""
        require_scope(principal, Scope.WRITE)
        while True:
            try:
                token = await self._tokens.get(token_id)
            except NotFoundError as error:
                raise NotFoundError(_NO_TOKEN) from error
            if token.account != principal.account:
                raise NotFoundError(_NO_TOKEN)
            if token.revoked_at is not None:
                return
            now = self._clock.now()
            with contextlib.suppress(StaleError):  # it was used meanwhile: look again
                await self._tokens.replace(token.changed(now, revoked_at=now))
