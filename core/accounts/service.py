"""First contact, preferences and storage quota; apart because every door begins here."""

from collections.abc import Callable

from core.accounts.records import Account, Identity, Principal, Role
from core.errors import AlreadyExistsError, InvalidError, StaleError, TooLargeError
from core.ports import Clock, Documents
from core.records import Value, new_id
from core.storage.capacity import Capacity
from core.texts import clean_text

MAX_NAME = 80


class AccountChange(Value):
    """What a person chooses about themselves; None leaves it as it is."""

    display_name: str | None = None
    locale: str | None = None
    muted: tuple[str, ...] | None = None
    """Platforms to which no direct messages are sent."""


class Accounts:
    """Who people are."""

    def __init__(
        self,
        accounts: Documents[Account],
        identities: Documents[Identity],
        clock: Clock,
        capacity: Capacity,
    ) -> None:
        self._accounts = accounts
        self._identities = identities
        self._clock = clock
        self._capacity = capacity

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

    async def get_as_it_is(self, account_id: str) -> Account:
        """Return an account by id, taken over or not. Raises NotFoundError."""
        return await self._accounts.get(account_id)

    async def follow(self, account_id: str) -> Account:
        """Return an account by id, or the one that has taken it over, however often that happened."""
        account = await self._accounts.get(account_id)
        while account.merged_into is not None:
            account = await self._accounts.get(account.merged_into)
        return account

    async def set_locale(self, principal: Principal, locale: str) -> Account:
        """Choose the language that a person is answered in; again changes nothing."""
        return await self._prefer(principal, lambda account: {"locale": locale})

    async def describe(self, principal: Principal, change: AccountChange) -> Account:
        """Change what a person chooses about themselves; what is None stays. Raises InvalidError."""
        fields: dict[str, object] = {}
        if change.display_name is not None:
            fields["display_name"] = clean_text(change.display_name).strip()
            if not 1 <= len(str(fields["display_name"])) <= MAX_NAME:
                raise InvalidError(f"Choose a name of 1 to {MAX_NAME} characters.")
        if change.locale is not None:
            fields["locale"] = change.locale
        if change.muted is not None:
            known = {one.platform for one in await self.list_identities(principal)}
            if strange := sorted({*change.muted} - known):
                raise InvalidError(f"You are not known on “{strange[0][:40]}”.")
            fields["muted"] = tuple(sorted({*change.muted}))
        return await self._prefer(principal, lambda account: fields)

    async def set_muted(self, principal: Principal, platform: str, muted: bool) -> Account:
        """Choose whether news goes to this platform as a direct message; again changes nothing."""

        def change(account: Account) -> dict[str, object]:
            others = {*account.muted} - {platform}
            return {"muted": tuple(sorted(others | {platform} if muted else others))}

        return await self._prefer(principal, change)

    async def _prefer(
        self, principal: Principal, make: Callable[[Account], dict[str, object]]
    ) -> Account:
        while True:
            account = await self.get(principal)
            changed = account.changed(self._clock.now(), **make(account))
            if changed == account.changed(changed.updated_at):
                return account
            try:
                return await self._accounts.replace(changed)
            except StaleError:
                continue

    async def list_identities(self, principal: Principal) -> list[Identity]:
        """List where a person is known, the oldest first."""
        return await self._identities.find({"account": principal.account}, order="created_at")

    async def get_quotas(self, account_id: str) -> Account:
        """Return an account by id for the core's own rules; doors use `get`."""
        return await self.follow(account_id)

    async def reserve_storage(self, account_id: str, change_bytes: int) -> None:
        """Take (or give back, when negative) storage. Raises TooLargeError when the quota is spent, and
        StorageFullError when the whole instance's is, or its disk nearly full.

        Reserved before a byte is kept, so fifty uploads at once cannot all pass the last free place.
        """
        if change_bytes <= 0:
            await self._change_storage(account_id, change_bytes, is_bounded=False)
            self._capacity.give_back(-change_bytes)
            return
        await self._capacity.check(change_bytes)
        try:
            await self._change_storage(account_id, change_bytes, is_bounded=True)
        except BaseException:
            self._capacity.give_back(change_bytes)
            raise

    async def count_storage(self, account_id: str, change_bytes: int) -> None:
        """Count what is kept already, whatever the quota says; `check_room` refuses the next."""
        await self._change_storage(account_id, change_bytes, is_bounded=False)

    async def check_room(self, principal: Principal) -> None:
        """Raise TooLargeError while the quota is spent, StorageFullError while the instance's is."""
        account = await self.get(principal)
        if account.storage_bytes >= account.quotas.max_storage_bytes:
            raise _full(account)
        await self._capacity.check(0)

    async def _change_storage(
        self, account_id: str, change_bytes: int, *, is_bounded: bool
    ) -> None:
        while True:
            account = await self.follow(account_id)
            wanted = max(0, account.storage_bytes + change_bytes)
            if is_bounded and wanted > account.quotas.max_storage_bytes:
                raise _full(account)
            try:
                await self._accounts.replace(
                    account.changed(self._clock.now(), storage_bytes=wanted)
                )
                return
            except StaleError:
                continue

    async def find_by_identity(self, platform: str, external_id: str) -> Account | None:
        """Find the account of somebody by what a platform calls them; whoever asks must be allowed to know."""
        known = await self._find_identity(platform, external_id)
        return await self.follow(known.account) if known is not None else None

    async def _find_identity(self, platform: str, external_id: str) -> Identity | None:
        found = await self._identities.find(
            {"platform": platform, "external_id": external_id}, limit=1
        )
        return found[0] if found else None


def _full(account: Account) -> TooLargeError:
    limit = account.quotas.max_storage_bytes / 1024**3
    return TooLargeError(
        f"Your storage of {limit:.1f} GiB is full; delete what you no longer need."
    )
