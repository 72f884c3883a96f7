"""Payouts: what was earned moves into the payee's own chain, where it can be spent.

What is due is always a difference of two sums, never a list of what was not paid yet: an accrual
that comes in late is in the next payout, and two sweepers at once make one entry, because both
would give it the same key.
"""

import contextlib
import logging

from pydantic import JsonValue

from core.accounts.records import Principal
from core.accounts.service import Accounts
from core.errors import ConflictError, StaleError
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate
from core.points.forwarding import lead_on
from core.points.legs import accrued_account
from core.points.moves import Moves
from core.points.records import Entry, EntryKind, Leg
from core.points.service import Points
from core.ports import Clock, Documents
from core.records import Above, Condition
from core.royalties.records import Accrual
from core.royalties.service import Earnings, Royalties

_log = logging.getLogger(__name__)


class Payouts:
    """Pays makers what their models have earned."""

    def __init__(
        self,
        accruals: Documents[Accrual],
        entries: Documents[Entry],
        royalties: Royalties,
        points: Points,
        accounts: Accounts,
        notifications: Notifications,
        clock: Clock,
        minimum_points: int,
    ) -> None:
        self._accruals = accruals
        self._entries = entries
        self._royalties = royalties
        self._points = points
        self._moves = Moves(points)
        self._accounts = accounts
        self._notifications = notifications
        self._clock = clock
        self.minimum_points = minimum_points

    async def get_earnings(self, principal: Principal) -> Earnings:
        """Say what the principal has earned, and what of it was paid out."""
        return await self._compute(principal.account)

    async def sweep(self) -> int:
        """Pay whoever has earned enough; return how many were paid."""
        paid, payee = 0, await self._next_payee("")
        while payee is not None:
            paid += bool(await self.pay(payee))
            payee = await self._next_payee(payee)
        return paid

    async def pay(self, payee: str, minimum_points: int | None = None) -> int:
        """Pay one payee what is due, if it is enough; return how much that was.

        Of an account that was taken over, the points go on to whoever took it over.
        """
        least = self.minimum_points if minimum_points is None else minimum_points
        marked = await self._accruals.find({"payee": payee, "unpaid": True})
        while True:
            # The number is read before the sums: whoever pays meanwhile has taken this number.
            number = await self._entries.count(_sweeps_of(payee)) + 1
            await self._finish(payee)  # the payout before: a crash may have left it half-done
            due = (await self._compute(payee)).due_points
            if 0 < due < least:
                return 0
            try:
                if due > 0:
                    await self._post(payee, number, due)
            except ConflictError:  # another sweeper has paid meanwhile, another sum
                continue
            await self._finish(payee)
            await self._unmark(marked)
            return max(0, due)

    async def _finish(self, payee: str) -> None:
        """Do what follows the latest payout; again does nothing, so a crash in between costs nobody theirs."""
        found = await self._entries.find(_sweeps_of(payee), order="-seq", limit=1)
        for entry in found:
            account = await self._accounts.follow(payee)
            data: dict[str, JsonValue] = {"points": entry.amount_points}
            key = f"paid:{entry.ref}"
            await self._notifications.tell(account.id, key, NewsKind.ROYALTIES_PAID, data)
            await lead_on(self._accounts, self._moves, payee, entry.ref)

    async def _compute(self, payee: str) -> Earnings:
        """What was paid is read first: what comes in meanwhile can then only be too little."""
        paid = 0
        async for entry in iterate(self._entries, _sweeps_of(payee), "seq"):
            paid += entry.amount_points
        return Earnings(earned_points=await self._royalties.sum_payee(payee), paid_points=paid)

    async def _post(self, payee: str, number: int, points: int) -> None:
        ref = f"{payee}:{number}"
        legs = (
            Leg(account=accrued_account(payee), amount_points=-points),
            Leg(account=payee, amount_points=points),
        )
        await self._points.post(payee, EntryKind.SWEEP, f"sweep:{ref}", ref, legs, "Royalties")
        _log.info("royalties of %s were paid: %d points", payee, points)

    async def _unmark(self, marked: list[Accrual]) -> None:
        for accrual in marked:
            with contextlib.suppress(StaleError):
                await self._accruals.replace(accrual.changed(self._clock.now(), unpaid=None))

    async def _next_payee(self, payee: str) -> str | None:
        where: dict[str, Condition] = {"unpaid": True, "payee": Above(payee)}
        found = await self._accruals.find(where, order="payee", limit=1)
        return found[0].payee if found else None


def _sweeps_of(payee: str) -> dict[str, Condition]:
    return {"account": payee, "kind": EntryKind.SWEEP.value}
