"""What keeps points from being spent: the stop of a wrong ledger, and caps that people set themselves."""

from datetime import datetime, timedelta

from core.accounts.records import Account, Principal, Scope, SpendingCaps
from core.accounts.tokens import require_scope
from core.errors import (
    InvalidError,
    OverCapError,
    StaleError,
    TrainyardError,
    UnavailableError,
)
from core.points.records import MAX_POINTS, Entry, EntryKind, SpendingStop
from core.ports import Clock, Documents
from core.records import Above, OneOf, Value

SPENDING = frozenset({EntryKind.HOLD, EntryKind.USE, EntryKind.TRANSFER_OUT})
_COUNTED = OneOf(tuple(sorted(kind.value for kind in (*SPENDING, EntryKind.SETTLE))))
_INSTANT = timedelta(milliseconds=1)
"""As exactly as times are stored."""


class Spent(Value):
    """What somebody may spend by their own will, and what they have: what came back counts as not spent."""

    caps: SpendingCaps
    day_points: int
    month_points: int


class Spending:
    """Says whether points may go out now. The ledger asks with each posting, however it came to it."""

    def __init__(
        self,
        entries: Documents[Entry],
        stops: Documents[SpendingStop],
        accounts: Documents[Account],
        clock: Clock,
    ) -> None:
        self._entries = entries
        self._stops = stops
        self._accounts = accounts
        self._clock = clock

    async def find_refusal(
        self, account: str, kind: EntryKind, points: int
    ) -> TrainyardError | None:
        """Return why this account may not spend so many points now, None when it may.

        Asked between reading a chain's head and extending it: whoever spends in between takes the
        place in the chain, so of two at once only one finds room below a cap.
        """
        if kind not in SPENDING:
            return None
        if await self._stops.find({}, limit=1):
            return UnavailableError(
                "Spending is paused while the ledger is checked. Nothing was charged; try later."
            )
        caps = await self._get_caps(account) if points > 0 else SpendingCaps()
        day, month = _periods(self._clock.now())
        if caps.day_points is not None:
            left = caps.day_points - await self._sum_spent(account, day)
            if points > left:
                return OverCapError(
                    f"This needs {points} points, and your own cap of {caps.day_points} a day leaves "
                    f"{max(0, left)}. Wait until tomorrow (UTC) or change it with /cap."
                )
        if caps.month_points is not None:
            left = caps.month_points - await self._sum_spent(account, month)
            if points > left:
                return OverCapError(
                    f"This needs {points} points, and your own cap of {caps.month_points} a month "
                    f"leaves {max(0, left)}. Wait until next month (UTC) or change it with /cap."
                )
        return None

    async def get_spent(self, principal: Principal) -> Spent:
        """Return one's caps, and what was spent today and this month, in UTC."""
        day, month = _periods(self._clock.now())
        return Spent(
            caps=await self._get_caps(principal.account),
            day_points=await self._sum_spent(principal.account, day),
            month_points=await self._sum_spent(principal.account, month),
        )

    async def set_caps(self, principal: Principal, caps: SpendingCaps) -> Spent:
        """Cap what one spends, from now on; None is no cap, 0 spends nothing.

        A token that may only spend cannot: what it could lift would bound nothing.
        """
        require_scope(principal, Scope.WRITE)
        for points in (caps.day_points, caps.month_points):
            if points is not None and not (type(points) is int and 0 <= points <= MAX_POINTS):
                raise InvalidError(f"A cap is a whole number of points from 0 to {MAX_POINTS}.")
        while True:
            account = await self._accounts.get(principal.account)
            try:
                await self._accounts.replace(account.changed(self._clock.now(), caps=caps))
                return await self.get_spent(principal)
            except StaleError:
                continue

    async def _get_caps(self, account: str) -> SpendingCaps:
        found = await self._accounts.find({"id": account}, limit=1)
        return found[0].caps if found else SpendingCaps()

    async def _sum_spent(self, account: str, since: datetime) -> int:
        in_period = Above(since - _INSTANT)
        moved = await self._entries.sum(
            "amount_points", {"account": account, "kind": _COUNTED, "created_at": in_period}
        )
        return max(0, -moved)


def _periods(now: datetime) -> tuple[datetime, datetime]:
    """Return when this day and this month began."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day, day.replace(day=1)
