"""Grants, holds and settlements; apart because money has one door, whoever spends."""

import hashlib
import json
from collections.abc import Sequence

from core.accounts.records import Principal
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    UnavailableError,
)
from core.paging import list_page
from core.points.records import MAX_POINTS, Entry, EntryKind, Leg, SpendingStop
from core.ports import Clock, Documents
from core.records import Page, PageRequest, new_id

WORLD = "world"
REVENUE = "revenue"
_MAX_RACES = 200


def hold_account(ref: str) -> str:
    """Name the ledger account in which a job's points wait."""
    return f"hold:{ref}"


class Points:
    """The ledger. Each entry is one insert, and touches one guarded chain: the member's.

    Source: the single-document chain, checked by simulation against stale reads and crashes.
    """

    def __init__(
        self, entries: Documents[Entry], stops: Documents[SpendingStop], clock: Clock
    ) -> None:
        self._entries = entries
        self._stops = stops
        self._clock = clock

    async def get_balance(self, account: str) -> int:
        head = await self._find_head(account)
        return head.balance_after_points if head else 0

    async def get_statement(self, principal: Principal, page: PageRequest) -> Page[Entry]:
        """List the principal's entries, newest first."""
        return await list_page(self._entries, {"account": principal.account}, "-seq", page)

    async def grant(self, account: str, points: int, key: str, note: str) -> Entry:
        """Issue points to a member; the same key again is the same grant."""
        _check_points(points)
        legs = (
            Leg(account=WORLD, amount_points=-points),
            Leg(account=account, amount_points=points),
        )
        return await self._append(account, EntryKind.GRANT, f"grant:{key}", key, legs, note)

    async def hold(self, account: str, ref: str, points: int, note: str) -> Entry:
        """Set points aside for a job. Raises InsufficientPointsError, UnavailableError while stopped."""
        if await self._stops.find({}, limit=1):
            raise UnavailableError(
                "Spending is paused while the ledger is checked. Nothing was charged; try later."
            )
        _check_points(points, minimum=0)
        held = hold_account(ref)
        legs = (
            Leg(account=account, amount_points=-points),
            Leg(account=held, amount_points=points),
        )
        return await self._append(account, EntryKind.HOLD, held, ref, legs, note)

    async def find_hold(self, account: str, ref: str) -> Entry | None:
        return await self._find_key(account, hold_account(ref))

    async def find_settlement(self, account: str, ref: str) -> Entry | None:
        return await self._find_key(account, f"settle:{ref}")

    async def settle(self, account: str, ref: str, charge_points: int, note: str) -> Entry:
        """End a hold: charge this much of it and return the rest, in one entry.

        Capture and void share one key, so a job settles once: the loser of a race gets the
        winner's entry back and must follow it. Raises NotFoundError when nothing is held.
        """
        held = await self.find_hold(account, ref)
        if held is None:
            raise NotFoundError(f"No points are held for {ref}.")
        points = -held.amount_points
        if not 0 <= charge_points <= points:
            raise InvalidError(f"A charge must lie between 0 and the {points} points held.")
        legs = (
            Leg(account=hold_account(ref), amount_points=-points),
            Leg(account=REVENUE, amount_points=charge_points),
            Leg(account=account, amount_points=points - charge_points),
        )
        try:
            return await self._append(account, EntryKind.SETTLE, f"settle:{ref}", ref, legs, note)
        except ConflictError:
            winner = await self.find_settlement(account, ref)
            if winner is None:
                raise
            return winner

    async def _append(
        self, account: str, kind: EntryKind, key: str, ref: str, legs: Sequence[Leg], note: str
    ) -> Entry:
        """Extend the member's chain by one entry, or return the entry that this key already made."""
        if sum(leg.amount_points for leg in legs) != 0:
            raise ValueError(f"legs of {key} do not sum to zero")
        amount = sum(leg.amount_points for leg in legs if leg.account == account)
        request = hash_request(kind, ref, legs)
        for _ in range(_MAX_RACES):
            head = await self._find_head(account)
            balance = (head.balance_after_points if head else 0) + amount
            if balance < 0:
                existing = await self._find_key(account, key)
                if existing is not None:
                    return _same_or_conflict(existing, request)
                raise InsufficientPointsError(
                    f"This costs {-amount} points and your balance is {balance - amount}: "
                    f"{-balance} more are needed. Nothing was charged."
                )
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
            try:
                return await self._entries.insert(entry)
            except AlreadyExistsError:
                existing = await self._find_key(account, key)
                if existing is not None:
                    return _same_or_conflict(existing, request)
        raise UnavailableError("The ledger is busy. Nothing was charged; try again.")

    async def _find_head(self, account: str) -> Entry | None:
        found = await self._entries.find({"account": account}, order="-seq", limit=1)
        return found[0] if found else None

    async def _find_key(self, account: str, key: str) -> Entry | None:
        found = await self._entries.find({"account": account, "key": key}, limit=1)
        return found[0] if found else None


def hash_request(kind: EntryKind, ref: str, legs: Sequence[Leg]) -> str:
    """Hash what an entry says, so that a repetition can be told from a different request."""
    content = [kind.value, ref, [[leg.account, leg.amount_points] for leg in legs]]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def _same_or_conflict(existing: Entry, request: str) -> Entry:
    if existing.request_sha256 != request:
        raise ConflictError(f"{existing.key} was already posted with other content.")
    return existing


def _check_points(points: int, minimum: int = 1) -> None:
    if type(points) is not int or not minimum <= points <= MAX_POINTS:
        raise InvalidError(f"Points must be a whole number from {minimum} to {MAX_POINTS}.")
