"""First contact, API tokens and storage quota; apart because every door begins here."""

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta

from core.accounts.records import Account, ApiToken, Identity, Principal, Role, Scope
from core.errors import (
    AlreadyExistsError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    TooLargeError,
    UnauthenticatedError,
    UnavailableError,
)
from core.ports import Clock, Documents
from core.records import Above, Condition, new_id
from core.texts import clean_text

MAX_TOKENS = 50
_USE_NOTED_EVERY = timedelta(hours=1)
_TOKEN_PREFIX = "ty"
_NO_TOKEN = "There is no such token."
_BAD_TOKEN = "This token is not valid. Make a new one and send it as `Authorization: Bearer ty_…`."


def require_scope(principal: Principal, scope: Scope) -> None:
    """Raise ForbiddenError unless the principal carries the scope."""
    if scope not in principal.scopes:
        raise ForbiddenError(f"This token lacks the scope “{scope.value}”; make one that has it.")


class Accounts:
    """Who people are."""

    def __init__(
        self,
        accounts: Documents[Account],
        identities: Documents[Identity],
        tokens: Documents[ApiToken],
        clock: Clock,
    ) -> None:
        self._accounts = accounts
        self._identities = identities
        self._tokens = tokens
        self._clock = clock

    async def first_contact(
        self, platform: str, external_id: str, display_name: str, *, role: Role = Role.MEMBER
    ) -> tuple[Account, bool]:
        """Return the account behind an identity, and whether it was made just now.

        Two first contacts at once make one account: the identity's unique key decides, and the
        account of the loser is removed before anyone could see it.
        """
        known = await self._find_identity(platform, external_id)
        if known is not None:
            return await self.follow(known.account), False
        now = self._clock.now()
        name = clean_text(display_name)[:80] or external_id[:80]
        account = await self._accounts.insert(
            Account(id=new_id("ac"), created_at=now, updated_at=now, display_name=name, role=role)
        )
        try:
            await self._identities.insert(
                Identity(
                    id=new_id("id"),
                    created_at=now,
                    updated_at=now,
                    platform=platform,
                    external_id=external_id,
                    account=account.id,
                )
            )
        except AlreadyExistsError:
            await self._accounts.delete(account)
            known = await self._find_identity(platform, external_id)
            if known is None:
                raise
            return await self.follow(known.account), False
        return account, True

    def speak_for(self, account: Account) -> Principal:
        """Return the principal of somebody whom a door has recognised itself."""
        return Principal(account=account.id, role=account.role)

    async def get(self, principal: Principal) -> Account:
        return await self.follow(principal.account)

    async def follow(self, account_id: str) -> Account:
        """Return an account by id, or the one that has taken it over, however often that happened."""
        account = await self._accounts.get(account_id)
        while account.merged_into is not None:
            account = await self._accounts.get(account.merged_into)
        return account

    async def set_locale(self, principal: Principal, locale: str) -> Account:
        """Choose the language that a person is answered in; again changes nothing."""
        while True:
            account = await self.get(principal)
            if account.locale == locale:
                return account
            try:
                return await self._accounts.replace(
                    account.changed(self._clock.now(), locale=locale)
                )
            except StaleError:
                continue

    async def list_identities(self, principal: Principal) -> list[Identity]:
        """List where a person is known, the oldest first."""
        return await self._identities.find({"account": principal.account}, order="created_at")

    async def get_quotas(self, account_id: str) -> Account:
        """Return an account by id for the core's own rules; doors use `get`."""
        return await self.follow(account_id)

    async def create_token(
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
            secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
            scopes=tuple(allowed),
            expires_at=now + lifetime if lifetime else None,
        )
        token = await self._tokens.insert(token)
        return token, f"{_TOKEN_PREFIX}_{token.id.removeprefix('tk_')}_{secret}"

    async def create_own_token(
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
        account = await self.get(principal)
        return await self.create_token(account, name, scopes, lifetime=lifetime)

    async def authenticate(self, text: str) -> Principal:
        """Return who a bearer token speaks for. Raises UnauthenticatedError."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != _TOKEN_PREFIX or not text.isascii():
            raise UnauthenticatedError(_BAD_TOKEN)
        try:
            token = await self._tokens.get(f"tk_{parts[1]}")
        except NotFoundError as error:
            raise UnauthenticatedError(_BAD_TOKEN) from error
        given = hashlib.sha256(parts[2].encode()).hexdigest()
        expired = token.expires_at is not None and token.expires_at <= self._clock.now()
        if not hmac.compare_digest(given, token.secret_sha256) or token.revoked_at or expired:
            raise UnauthenticatedError(_BAD_TOKEN)
        try:
            account = await self.follow(token.account)
        except NotFoundError as error:
            raise UnauthenticatedError(_BAD_TOKEN) from error
        await self._note_use(token)
        return Principal(account=account.id, role=account.role, scopes=frozenset(token.scopes))

    async def _note_use(self, token: ApiToken) -> None:
        """Keep when a token was last used, to the hour, so that reading does not mean writing."""
        now = self._clock.now()
        if token.last_used_at is None or now - token.last_used_at >= _USE_NOTED_EVERY:
            with contextlib.suppress(StaleError, UnavailableError):  # the next use notes it
                await self._tokens.replace(token.changed(now, last_used_at=now))

    async def list_tokens(self, principal: Principal) -> list[ApiToken]:
        """List one's tokens, newest first: all that are not revoked, and the latest of those that are."""
        mine: dict[str, Condition] = {"account": principal.account}
        live = await self._tokens.find({**mine, "revoked_at": None}, limit=MAX_TOKENS * 2)
        revoked: dict[str, Condition] = {**mine, "revoked_at": Above("")}
        dead = await self._tokens.find(revoked, order="-created_at", limit=MAX_TOKENS)
        return sorted((*live, *dead), key=lambda token: token.created_at, reverse=True)

    async def revoke_token(self, principal: Principal, token_id: str) -> None:
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

    async def reserve_storage(self, account_id: str, change_bytes: int) -> None:
        """Take (or give back, when negative) storage. Raises TooLargeError when the quota is spent.

        Reserved before a byte is kept, so fifty uploads at once cannot all pass the last free place.
        """
        while True:
            account = await self.follow(account_id)
            wanted = max(0, account.storage_bytes + change_bytes)
            if change_bytes > 0 and wanted > account.quotas.max_storage_bytes:
                limit = account.quotas.max_storage_bytes / 1024**3
                raise TooLargeError(
                    f"Your storage of {limit:.1f} GiB is full; delete what you no longer need."
                )
            try:
                await self._accounts.replace(
                    account.changed(self._clock.now(), storage_bytes=wanted)
                )
                return
            except StaleError:
                continue

    async def _find_identity(self, platform: str, external_id: str) -> Identity | None:
        found = await self._identities.find(
            {"platform": platform, "external_id": external_id}, limit=1
        )
        return found[0] if found else None
