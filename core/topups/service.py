"""Invoices and payments; apart because money comes in once, whatever is told twice and whatever dies."""

import contextlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from core.accounts.records import Principal
from core.accounts.service import Accounts
from core.errors import (
    AlreadyExistsError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    TrainyardError,
)
from core.paging import iterate, list_page
from core.points.forwarding import lead_on
from core.points.legs import WORLD
from core.points.moves import Moves
from core.points.records import EntryKind, Leg
from core.points.service import Points
from core.ports import Clock, Documents
from core.records import Below, Condition, OneOf, Page, PageRequest, new_id
from core.topups.records import Invoice, Package, Paid, Payment

_log = logging.getLogger(__name__)
_INVOICE_LASTS = timedelta(hours=1)
_INVOICE_KEPT = timedelta(days=30)
"""Long after it could be paid last: a payment may be told late."""


@dataclass(frozen=True)
class TopUpStores:
    """What is kept of points that are bought."""

    invoices: Documents[Invoice]
    payments: Documents[Payment]


class TopUps:
    """Sells points. `tills` are the platforms that can take money, each with the address of its chat."""

    def __init__(
        self,
        stores: TopUpStores,
        points: Points,
        accounts: Accounts,
        clock: Clock,
        packages: tuple[Package, ...] = (),
    ) -> None:
        self._invoices = stores.invoices
        self._payments = stores.payments
        self._points = points
        self._moves = Moves(points)
        self._accounts = accounts
        self._clock = clock
        self.packages = packages
        self.tills: dict[str, str] = {}

    async def offer(self, principal: Principal, points: int) -> Invoice:
        """Make an invoice over a package, for this person alone. Raises InvalidError."""
        found = [package for package in self.packages if package.points == points]
        if not found:
            raise InvalidError("So many points are not sold at once; choose one of the packages.")
        now = self._clock.now()
        return await self._invoices.insert(
            Invoice(
                id=new_id("iv"),
                created_at=now,
                updated_at=now,
                account=principal.account,
                points=points,
                stars=found[0].stars,
                expires_at=now + _INVOICE_LASTS,
            )
        )

    async def check(self, platform: str, payer: str, invoice_id: str, stars: int) -> None:
        """Raise RefusedError, before money moves, for an invoice that this person may not pay now."""
        invoice = await self._find_invoice(invoice_id)
        if invoice is None or invoice.expires_at <= self._clock.now():
            raise RefusedError("This invoice is not valid any more. Type /topup for a new one.")
        owner = self._accounts.speak_for(await self._accounts.follow(invoice.account))
        known = await self._accounts.list_identities(owner)
        if not any(i.platform == platform and i.external_id == payer for i in known):
            raise RefusedError("This invoice was made for somebody else. Type /topup for your own.")
        if invoice.stars != stars:
            raise RefusedError("This invoice has another price now. Type /topup for a new one.")
        if await self._payments.count({"invoice": invoice.id}):
            raise RefusedError("This invoice is paid already. Type /topup for another one.")

    async def take(self, paid: Paid) -> Payment:
        """Keep a payment and credit its points, once for each charge.

        Money that came in is never refused: a late one counts, and one whose invoice nobody knows
        is kept with 0 points, to be paid back.
        """
        return await self._credit(await self._keep(paid))

    async def list_payments(self, account_id: str, page: PageRequest) -> Page[Payment]:
        """List payments, the newest first; of one account and those it took over, or all. For operators."""
        where: dict[str, Condition] = {}
        if account_id:
            account = await self._accounts.follow(account_id)
            where = {"account": OneOf((account.id, *account.absorbed))}
        return await list_page(self._payments, where, "-created_at", page)

    async def sweep(self) -> None:
        """Credit what a crash left uncredited, and forget invoices that nobody can pay any more."""
        async for payment in iterate(self._payments, {"uncredited": True}):
            try:
                await self._credit(payment)
            except TrainyardError:
                _log.exception("the payment %s is not credited yet", payment.id)
        old = Below(self._clock.now() - _INVOICE_KEPT)
        async for invoice in iterate(self._invoices, {"expires_at": old}):
            await self._invoices.delete(invoice)

    async def _keep(self, paid: Paid) -> Payment:
        known = await self._find_payment(paid)
        if known is not None:
            return known
        invoice = await self._find_invoice(paid.invoice)
        account, _ = await self._accounts.first_contact(paid.platform, paid.payer, paid.payer_name)
        points = invoice.points if invoice is not None and invoice.stars == paid.stars else 0
        if not points:
            _log.error("nobody knows what payment %s was for: refund it", paid.charge)
        now = self._clock.now()
        payment = Payment(
            id=new_id("py"),
            created_at=now,
            updated_at=now,
            platform=paid.platform,
            charge=paid.charge,
            payer=paid.payer,
            account=account.id,
            invoice=paid.invoice,
            stars=paid.stars,
            points=points,
        )
        try:
            return await self._payments.insert(payment)
        except AlreadyExistsError:
            known = await self._find_payment(paid)
            if known is None:
                raise
            return known

    async def _credit(self, payment: Payment) -> Payment:
        """Credit into the chain that the payment names, then lead the points on if that account is gone."""
        if payment.uncredited is None:
            return payment
        if payment.points:
            legs = (
                Leg(account=WORLD, amount_points=-payment.points),
                Leg(account=payment.account, amount_points=payment.points),
            )
            key, note = f"top_up:{payment.id}", "Telegram Stars"
            await self._points.post(payment.account, EntryKind.TOP_UP, key, payment.id, legs, note)
            await lead_on(self._accounts, self._moves, payment.account, payment.id)
        done = payment.changed(self._clock.now(), uncredited=None)
        with contextlib.suppress(StaleError):
            done = await self._payments.replace(done)
            _log.info("payment %s of %s is credited", payment.id, payment.account)
        return done

    async def _find_invoice(self, invoice_id: str) -> Invoice | None:
        try:
            return await self._invoices.get(invoice_id)
        except NotFoundError:
            return None

    async def _find_payment(self, paid: Paid) -> Payment | None:
        where: dict[str, Condition] = {"platform": paid.platform, "charge": paid.charge}
        found = await self._payments.find(where, limit=1)
        return found[0] if found else None
