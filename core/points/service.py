"""Grants, holds and settlements; apart because money has one door, whoever spends."""

import contextlib
from collections.abc import Mapping, Sequence

from core.accounts.records import Principal
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    TrainyardError,
    UnavailableError,
)
from core.paging import list_page
from core.points.legs import (
    WORLD,
    earn,
    hash_request,
    hold_account,
)
from core.points.records import MAX_POINTS, Entry, EntryKind, Leg
from core.points.spending import Spending
from core.ports import Clock, Documents
from core.records import Condition, OneOf, Page, PageRequest, new_id

_MAX_RACES = 200
_MAX_HEADS = 1000
_SHOWN = OneOf(tuple(kind.value for kind in EntryKind if kind is not EntryKind.REFUSAL))


class Points:
    """The ledger. Each entry is one insert, and touches one guarded chain: the member's.

    Source: the single-document chain, checked by simulation against stale reads and crashes.
    """

    def __init__(self, entries: Documents[Entry], spending: Spending, clock: Clock) -> None:
        self._entries = entries
        self._heads: dict[str, Entry] = {}
        self._spending = spending
        self._clock = clock

    async def get_balance(self, account: str) -> int:
        head = await self._find_head(account)
        return head.balance_after_points if head else 0

    async def get_statement(self, principal: Principal, page: PageRequest) -> Page[Entry]:
        """List the principal's entries, newest first; refusals move nothing and are left out."""
        where: dict[str, Condition] = {"account": principal.account, "kind": _SHOWN}
        return await list_page(self._entries, where, "-seq", page)

    async def check_covers(
        self, account: str, points: int, kind: EntryKind = EntryKind.HOLD
    ) -> None:
        """Raise what spending these points would be refused for now; nothing is posted."""
        balance = await self.get_balance(account)
        if balance < points:
            raise _too_few(points, balance)
        refusal = await self._spending.find_refusal(account, kind, points)
        if refusal is not None:
            raise refusal

    async def grant(self, account: str, points: int, key: str, note: str) -> Entry:
        """Issue points to a member; the same key again is the same grant."""
        check_points(points)
        legs = (
            Leg(account=WORLD, amount_points=-points),
            Leg(account=account, amount_points=points),
        )
        return await self.post(account, EntryKind.GRANT, f"grant:{key}", key, legs, note)

    async def hold(self, account: str, ref: str, points: int, note: str) -> Entry:
        """Set points aside for a job; the same hold again is the same entry.

        Raises InsufficientPointsError, OverCapError, UnavailableError while spending is stopped,
        ConflictError when the hold was refused for good.
        """
        check_points(points, minimum=0)
        held = hold_account(ref)
        legs = (
            Leg(account=account, amount_points=-points),
            Leg(account=held, amount_points=points),
        )
        return await self.post(account, EntryKind.HOLD, held, ref, legs, note)

    async def refuse_hold(self, account: str, ref: str) -> Entry | None:
        """Make sure that nothing will ever be held for a job, or return the hold that is there.

        Hold and refusal share one key, so whoever gives a submission up and whoever goes on with
        it cannot both succeed: a job whose hold is refused may be deleted safely.
        """
        return await self.refuse(account, hold_account(ref), ref)

    async def refuse(self, account: str, key: str, ref: str) -> Entry | None:
        """Make sure that nothing will ever be posted under a key, or return the entry that is there."""
        legs = (Leg(account=account, amount_points=0),)
        try:
            await self.post(account, EntryKind.REFUSAL, key, ref, legs, "Given up")
        except ConflictError:
            entry = await self.find_entry(account, key)
            if entry is None:
                raise
            return None if entry.kind is EntryKind.REFUSAL else entry
        return None

    async def find_hold(self, account: str, ref: str) -> Entry | None:
        entry = await self.find_entry(account, hold_account(ref))
        return entry if entry is not None and entry.kind is EntryKind.HOLD else None

    async def find_settlement(self, account: str, ref: str) -> Entry | None:
        return await self.find_entry(account, f"settle:{ref}")

    async def settle(
        self,
        account: str,
        ref: str,
        charge_points: int,
        note: str,
        royalties: Mapping[str, int] | None = None,
    ) -> Entry:
        """End a hold: charge this much of it and return the rest, in one entry.

        Of the charge, `royalties` go to these payees; what they leave is revenue. Capture and void
        share one key, so a job settles once: the loser of a race gets the winner's entry back and
        must follow it. Raises NotFoundError when nothing is held.
        """
        held = await self.find_hold(account, ref)
        if held is None:
            raise NotFoundError(f"No points are held for {ref}.")
        points = -held.amount_points
        if not 0 <= charge_points <= points:
            raise InvalidError(f"A charge must lie between 0 and the {points} points held.")
        legs = (
            Leg(account=hold_account(ref), amount_points=-points),
            *earn(charge_points, royalties or {}),
            Leg(account=account, amount_points=points - charge_points),
        )
        try:
            return await self.post(account, EntryKind.SETTLE, f"settle:{ref}", ref, legs, note)
        except ConflictError:
            winner = await self.find_settlement(account, ref)
            if winner is None:
                raise
            return winner

    async def post(
        self, account: str, kind: EntryKind, key: str, ref: str, legs: Sequence[Leg], note: str
    ) -> Entry:
        """Extend the member's chain by one entry, or return the one that this key made; doors grant and hold."""
        if sum(leg.amount_points for leg in legs) != 0:
            raise ValueError(f"legs of {key} do not sum to zero")
        amount = sum(leg.amount_points for leg in legs if leg.account == account)
        request = hash_request(kind, ref, legs)
        remembered = self._heads.pop(account, None)
        for _ in range(_MAX_RACES):
            head = remembered or await self._find_head(account)
            balance = (head.balance_after_points if head else 0) + amount
            refusal = _check_balance(balance, amount)
            if refusal is None:
                refusal = await self._spending.find_refusal(account, kind, -amount)
            if refusal is None:
                now = self._clock.now()
                entry = Entry(
                    id=new_id("en"),
                    created_at=now,
                    updated_at=now,
                    account=account,
                    seq=(head.seq if head else 0) + 1,
                    key=key,
                    kind=kind,
                    ref=ref,
                    note=note,
                    legs=tuple(legs),
                    amount_points=amount,
                    balance_after_points=balance,
                    request_sha256=request,
                )
                with contextlib.suppress(AlreadyExistsError):
                    return self._remember(await self._entries.insert(entry))
            existing = await self.find_entry(account, key)
            if existing is not None:
                return _same_or_conflict(existing, request)
            if refusal is not None and remembered is None:
                raise refusal
            remembered = None  # another process may have posted since: look before trying again
        raise UnavailableError("The ledger is busy. Nothing was charged; try again.")

    def _remember(self, entry: Entry) -> Entry:
        """Keep a chain's head for the next post; one that is stale only costs another try."""
        if len(self._heads) >= _MAX_HEADS:
            self._heads.pop(next(iter(self._heads)))
        self._heads[entry.account] = entry
        return entry

    async def _find_head(self, account: str) -> Entry | None:
        found = await self._entries.find({"account": account}, order="-seq", limit=1)
        return found[0] if found else None

    async def find_entry(self, account: str, key: str) -> Entry | None:
        found = await self._entries.find({"account": account, "key": key}, limit=1)
        return found[0] if found else None


def _same_or_conflict(existing: Entry, request: str) -> Entry:
    if existing.request_sha256 != request:
        raise ConflictError(f"{existing.key} was already posted with other content.")
    return existing


def _check_balance(balance: int, amount: int) -> TrainyardError | None:
    """Return why an entry of this amount may not lead to this balance."""
    if balance < 0:
        return _too_few(-amount, balance - amount)
    if balance > MAX_POINTS:
        return InvalidError(f"No account can have more than {MAX_POINTS} points.")
    return None


def _too_few(price: int, balance: int) -> InsufficientPointsError:
    return InsufficientPointsError(
        f"This costs {price} points and your balance is {balance}: "
        f"{price - balance} more are needed. Nothing was charged."
    )


def check_points(points: int, minimum: int = 1) -> None:
    """Raise InvalidError unless this is a number of points."""
    if type(points) is not int or not minimum <= points <= MAX_POINTS:
        raise InvalidError(f"Points must be a whole number from {minimum} to {MAX_POINTS}.")
