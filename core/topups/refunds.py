"""Refunds: the points come back first, then the money goes; each once, whatever dies in between."""

import logging

from core.accounts.records import Principal
from core.accounts.service import Accounts
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    NotFoundError,
    RefusedError,
    StaleError,
    TrainyardError,
)
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate
from core.platforms import Cashier
from core.points.legs import WORLD
from core.points.records import EntryKind, Leg
from core.points.service import Points
from core.ports import Clock, Documents
from core.topups.records import Payment

_log = logging.getLogger(__name__)


class Refunds:
    """Pays back what was paid."""

    def __init__(
        self,
        payments: Documents[Payment],
        points: Points,
        accounts: Accounts,
        notifications: Notifications,
        clock: Clock,
    ) -> None:
        self._payments = payments
        self._points = points
        self._accounts = accounts
        self._notifications = notifications
        self._clock = clock

    async def refund(self, principal: Principal, charge: str, cashier: Cashier) -> Payment:
        """Take a payment's points back and pay the money back; again after a crash goes on.

        Raises NotFoundError, ConflictError when it was paid back before, InsufficientPointsError when
        the points are spent, RefusedError when the platform will never pay it back, UnavailableError
        when it does not now: the points stay taken, and the same call again goes on.
        """
        if not principal.is_admin:
            raise ForbiddenError("Only an admin can pay back.")
        found = await self._payments.find({"platform": cashier.platform, "charge": charge}, limit=1)
        if not found:
            raise NotFoundError("There is no such payment.")
        payment = found[0]
        if payment.refunded_at is not None:
            raise ConflictError("This payment was paid back before.")
        if payment.refund_refused is not None:
            raise RefusedError(f"This payment cannot be paid back: {payment.refund_refused}")
        if payment.uncredited:
            raise ConflictError("This payment is being credited; try again in a moment.")
        return await self._finish(await self._claim(payment), cashier)

    async def finish_open(self, cashier: Cashier) -> None:
        """Finish the refunds that a crash, or a platform that was away, has left open."""
        async for payment in iterate(self._payments, {"unrefunded": True}):
            try:
                await self._finish(payment, cashier)
            except TrainyardError as error:
                _log.warning("payment %s is not paid back yet: %s", payment.id, error.message)

    async def _claim(self, payment: Payment) -> Payment:
        """Fix whose points are taken, before any are; what an earlier attempt took stays taken."""
        if payment.unrefunded:
            return payment
        source = payment.taken_from
        key = f"refund:{payment.id}"
        if source is None or await self._points.find_entry(source, key) is None:
            source = (await self._accounts.follow(payment.account)).id
        claimed = payment.changed(self._clock.now(), unrefunded=True, taken_from=source)
        return await self._payments.replace(claimed)

    async def _finish(self, payment: Payment, cashier: Cashier) -> Payment:
        source = payment.taken_from or payment.account
        try:
            await self._take(payment, source)
        except InsufficientPointsError as error:
            await self._change(payment, unrefunded=None)
            raise InsufficientPointsError(
                f"{payment.points} points were bought and some of them are spent; nothing was paid "
                "back. Grant what is missing first, or leave it."
            ) from error
        try:
            await cashier.pay_back(payment.payer, payment.charge)
        except RefusedError as error:
            await self._give_again(payment, source)
            await self._change(payment, unrefunded=None, refund_refused=error.message)
            raise
        account = await self._accounts.follow(source)
        await self._notifications.tell(
            account.id,
            f"refunded:{payment.id}",
            NewsKind.PAYMENT_REFUNDED,
            {"points": payment.points, "stars": payment.stars},
        )
        _log.info("payment %s is paid back", payment.id)
        return await self._change(payment, unrefunded=None, refunded_at=self._clock.now())

    async def _take(self, payment: Payment, source: str) -> None:
        if not payment.points:
            return
        legs = (
            Leg(account=source, amount_points=-payment.points),
            Leg(account=WORLD, amount_points=payment.points),
        )
        key, note = f"refund:{payment.id}", "Telegram Stars paid back"
        await self._points.post(source, EntryKind.REFUND, key, payment.id, legs, note)

    async def _give_again(self, payment: Payment, source: str) -> None:
        """Give back what was taken for a refund that will never be."""
        if payment.points:
            note = "Telegram Stars were not paid back"
            await self._points.grant(source, payment.points, f"unrefund:{payment.id}", note)

    async def _change(self, payment: Payment, **fields: object) -> Payment:
        """Note how far it is, whoever else notes something meanwhile; paid back stays paid back."""
        while payment.refunded_at is None:
            try:
                return await self._payments.replace(payment.changed(self._clock.now(), **fields))
            except StaleError:
                payment = await self._payments.get(payment.id)
        return payment
