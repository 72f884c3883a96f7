"""Linking: a code shown on one platform and typed on the other proves that both are one person.

Source for the code's strength: 8 of 32 letters are 40 bits; with five wrong tries in ten minutes an
account that guesses for a year hits a living code with a chance of one in two million.
"""

import contextlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.accounts.merging import Merging
from core.accounts.records import Account, Identity, LinkCode, LinkTries, Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.codes import hash_secret, read_code
from core.errors import AlreadyExistsError, NotFoundError, RefusedError, StaleError
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below, new_id

CODE_LASTS = timedelta(minutes=10)
MAX_TRIES = 5
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that look alike: I and 1, O and 0."""
_LENGTH = 8
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_WRONG = "This code is not valid. Ask for a new one with /link on the other platform."


@dataclass(frozen=True)
class LinkStores:
    """What linking reads and writes."""

    codes: Documents[LinkCode]
    tries: Documents[LinkTries]
    identities: Documents[Identity]
    accounts: Documents[Account]


class Linking:
    """How people say that they are one person on two platforms, and that they are so no longer."""

    def __init__(
        self,
        stores: LinkStores,
        people: Accounts,
        merging: Merging,
        clock: Clock,
    ) -> None:
        self._codes = stores.codes
        self._tries = stores.tries
        self._identities = stores.identities
        self._accounts = stores.accounts
        self._people = people
        self._merging = merging
        self._clock = clock

    async def offer(self, principal: Principal) -> str:
        """Make a code for this account and return it, this once; an earlier one is void from now on."""
        require_scope(principal, Scope.WRITE)
        account = await self._people.get(principal)
        while True:
            letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
            for earlier in await self._codes.find({"account": account.id}):
                with contextlib.suppress(StaleError):
                    await self._codes.delete(earlier)
            now = self._clock.now()
            code = LinkCode(
                id=new_id("lk"),
                created_at=now,
                updated_at=now,
                account=account.id,
                code_sha256=hash_secret(letters),
                expires_at=now + CODE_LASTS,
            )
            try:
                await self._codes.insert(code)
                return f"{letters[:4]}-{letters[4:]}"
            except AlreadyExistsError:
                continue

    async def redeem(self, principal: Principal, text: str) -> Account:
        """Join this account with the one that the code was shown to; return the one that both are now.

        Raises RefusedError: the code is wrong, old or used; too many wrong ones; or a training runs.
        """
        require_scope(principal, Scope.WRITE)
        mine = await self._people.get(principal)
        await self._count_try(mine.id)
        found = await self._codes.find({"code_sha256": hash_secret(read_code(text))}, limit=1)
        if not found or found[0].expires_at <= self._clock.now():
            raise RefusedError(_WRONG)
        other = await self._people.follow(found[0].account)
        if other.id == mine.id:
            raise RefusedError("This code is your own. Type it on the other platform.")
        await self._merging.check(mine, other)
        try:
            await self._codes.replace(found[0].changed(self._clock.now(), expires_at=_LONG_AGO))
        except StaleError as error:  # the same code twice at once: the first one has it
            raise RefusedError(_WRONG) from error
        await self._forget_tries(mine.id)
        return await self._merging.merge(mine, other)

    async def join(
        self, principal: Principal, platform: str, external_id: str, display_name: str
    ) -> Account:
        """Join this account with that of an identity which its platform has proved to be the same person's.

        Raises RefusedError while a training of the account that would go is under way.
        """
        require_scope(principal, Scope.WRITE)
        mine = await self._people.get(principal)
        other, _ = await self._people.first_contact(platform, external_id, display_name)
        if other.id == mine.id:
            return mine
        await self._merging.check(mine, other)
        return await self._merging.merge(mine, other)

    async def unlink(self, principal: Principal, identity_id: str) -> None:
        """Take an identity off one's account; it has an empty one from then on. The last one stays.

        The account is marked first, so that two at once cannot take the last two.
        """
        require_scope(principal, Scope.WRITE)
        while True:
            account = await self._finish_unlinking(await self._people.get(principal))
            mine = await self._identities.find({"account": account.id})
            if identity_id not in [identity.id for identity in mine]:
                raise NotFoundError("You are not known there.")
            if len(mine) == 1:
                raise RefusedError("This is the only place where you are known; it stays.")
            try:
                marked = account.changed(self._clock.now(), unlinking=identity_id)
                await self._finish_unlinking(await self._accounts.replace(marked))
                return
            except StaleError:
                continue

    async def sweep(self) -> None:
        """Forget codes and counts that are over."""
        old = {"expires_at": Below(self._clock.now())}
        async for code in iterate(self._codes, old):
            with contextlib.suppress(StaleError):
                await self._codes.delete(code)
        async for tries in iterate(self._tries, old):
            with contextlib.suppress(StaleError):
                await self._tries.delete(tries)

    async def _finish_unlinking(self, account: Account) -> Account:
        """Take off the identity that the account is marked with, then the mark."""
        while account.unlinking is not None:
            with contextlib.suppress(NotFoundError, StaleError):
                identity = await self._identities.get(account.unlinking)
                if identity.account == account.id:
                    fresh = await self._split(account)
                    await self._identities.replace(
                        identity.changed(self._clock.now(), account=fresh.id)
                    )
            try:
                account = await self._accounts.replace(
                    account.changed(self._clock.now(), unlinking=None)
                )
            except StaleError:
                account = await self._accounts.get(account.id)
        return account

    async def _split(self, account: Account) -> Account:
        """Make the empty account of an identity that is taken off."""
        now = self._clock.now()
        return await self._accounts.insert(
            Account(
                id=new_id("ac"),
                created_at=now,
                updated_at=now,
                display_name=account.display_name,
                locale=account.locale,
                split_from=account.id,
            )
        )

    async def _count_try(self, account: str) -> None:
        """Count this try before it is looked at, so that many at once are all counted."""
        while True:
            now = self._clock.now()
            found = await self._tries.find({"account": account}, limit=1)
            if found and found[0].expires_at > now and found[0].tries >= MAX_TRIES:
                raise RefusedError(
                    "Too many wrong codes. Wait ten minutes, then ask for a new one."
                )
            fresh = LinkTries(
                id=new_id("lt"),
                created_at=now,
                updated_at=now,
                account=account,
                tries=1,
                expires_at=now + CODE_LASTS,
            )
            try:
                if not found:
                    await self._tries.insert(fresh)
                elif found[0].expires_at <= now:
                    again = found[0].changed(now, tries=1, expires_at=fresh.expires_at)
                    await self._tries.replace(again)
                else:
                    await self._tries.replace(found[0].changed(now, tries=found[0].tries + 1))
                return
            except (AlreadyExistsError, StaleError):
                continue

    async def _forget_tries(self, account: str) -> None:
        for tries in await self._tries.find({"account": account}):
            with contextlib.suppress(StaleError):
                await self._tries.delete(tries)
