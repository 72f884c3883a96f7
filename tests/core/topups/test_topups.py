"""Points that are bought: credited once for each charge, paid back once, and whole after a crash at any write."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.accounts.records import Principal, Role
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from core.records import PageRequest
from core.topups.records import Invoice, Package, Paid
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.points.books import list_faults, list_rest_faults
from tests.core.yard import Yard, open_yard

PACKAGES = (Package(points=100, stars=50), Package(points=500, stars=250))
ADMIN = Principal(account="local", role=Role.ADMIN)


class Till:
    """A cashier that notes what it paid back, after these errors."""

    platform = "test"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.paid: set[str] = set()

    async def pay_back(self, payer: str, charge: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.paid.add(charge)


def pay(invoice: Invoice | None, charge: str = "c1", payer: str = "mira", stars: int = 50) -> Paid:
    name = invoice.id if invoice is not None else "iv_unknown"
    return Paid(
        platform="test", charge=charge, payer=payer, payer_name=payer, invoice=name, stars=stars
    )


async def offer(yard: Yard, name: str = "mira") -> tuple[Principal, Invoice]:
    person = await yard.meet(name, 0)
    yard.studio.top_ups.packages = PACKAGES
    return person, await yard.studio.top_ups.offer(person, 100)


async def balance(yard: Yard, name: str = "mira") -> int:
    return await yard.studio.points.get_balance((await yard.meet(name, 0)).account)


async def check(yard: Yard) -> None:
    entries = await yard.stores.entries.find({})
    assert list_faults(entries, []) == [] and list_rest_faults(entries, []) == []
    assert (await yard.studio.reconciler.reconcile()).findings == ()


@pytest.mark.every_store
async def test_a_payment_told_many_times_at_once_is_credited_once(yard: Yard) -> None:
    mira, invoice = await offer(yard)
    await yard.studio.top_ups.check("test", "mira", invoice.id, 50)
    await asyncio.gather(*(yard.studio.top_ups.take(pay(invoice)) for _ in range(8)))
    assert await balance(yard) == 100
    page = await yard.studio.top_ups.list_payments(mira.account, PageRequest())
    assert [(p.charge, p.points, p.uncredited) for p in page.items] == [("c1", 100, None)]
    verdict = await yard.studio.reconciler.reconcile()
    assert verdict.granted_points == 100 and verdict.is_sound
    await check(yard)


async def test_what_may_not_be_paid_is_refused_before_money_moves(yard: Yard) -> None:
    _, invoice = await offer(yard)
    await yard.meet("eve", 0)
    top_ups = yard.studio.top_ups
    with pytest.raises(InvalidError):
        await top_ups.offer(await yard.meet("mira", 0), 101)
    for payer, name, stars, words in (
        ("mira", "iv_unknown", 50, "not valid"),
        ("eve", invoice.id, 50, "somebody else"),
        ("nobody", invoice.id, 50, "somebody else"),
        ("mira", invoice.id, 49, "another price"),
    ):
        with pytest.raises(RefusedError, match=words):
            await top_ups.check("test", payer, name, stars)
    await top_ups.take(pay(invoice))
    with pytest.raises(RefusedError, match="paid already"):
        await top_ups.check("test", "mira", invoice.id, 50)
    _, late = await offer(yard)
    yard.clock.pass_s(3600)
    with pytest.raises(RefusedError, match="not valid"):
        await top_ups.check("test", "mira", late.id, 50)
    await top_ups.take(pay(late, "c2"))
    assert await balance(yard) == 200, "money that came in late counts all the same"


async def test_money_for_nobody_knows_what_is_kept_and_can_be_paid_back(yard: Yard) -> None:
    await offer(yard)
    till = Till()
    payment = await yard.studio.top_ups.take(pay(None))
    assert payment.points == 0 and await balance(yard) == 0
    await yard.studio.refunds.refund(ADMIN, "c1", till)
    assert till.paid == {"c1"}
    await check(yard)


async def test_an_invoice_of_an_account_that_was_merged_meanwhile_is_paid_to_who_is_left(
    yard: Yard,
) -> None:
    mira = await yard.meet("mira", 0)
    yard.clock.pass_s(60)
    phone, invoice = await offer(yard, "phone")
    await yard.studio.linking.redeem(phone, await yard.studio.linking.offer(mira))
    await yard.studio.top_ups.check("test", "phone", invoice.id, 50)
    await yard.studio.top_ups.take(pay(invoice, payer="phone"))
    assert await balance(yard) == 100
    await check(yard)


async def test_a_payment_kept_before_a_merge_and_credited_long_after_is_led_on(
    folder: Path,
) -> None:
    clock, fuse = HandClock(), Fuse()
    async with open_yard(folder, clock, with_fuse(fuse)) as yard:
        mira = await yard.meet("mira", 0)
        clock.pass_s(60)
        phone, invoice = await offer(yard, "phone")
        fuse.arm(1, stores_first=True)
        with pytest.raises(CrashError):
            await yard.studio.top_ups.take(pay(invoice, payer="phone"))
    async with open_yard(folder, clock) as yard:
        await yard.studio.linking.redeem(phone, await yard.studio.linking.offer(mira))
        clock.pass_s(3600)
        await yard.studio.merging.sweep()  # which closes the merge: nothing moves points any more
        assert await yard.stores.merges.count({"open": True}) == 0
        await yard.studio.top_ups.sweep()
        assert await yard.studio.points.get_balance(mira.account) == 100
        assert await yard.studio.points.get_balance(phone.account) == 0
        till = Till()
        await yard.studio.refunds.refund(ADMIN, "c1", till)
        assert await balance(yard) == 0 and till.paid == {"c1"}
        await check(yard)


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_write_of_a_payment_or_a_refund_loses_nothing(
    folder: Path, stores_first: bool
) -> None:
    till = Till()

    async def take(yard: Yard, invoice: Invoice) -> None:
        await yard.studio.top_ups.take(pay(invoice))

    async def refund(yard: Yard, invoice: Invoice) -> None:
        await take(yard, invoice)
        await yard.studio.refunds.refund(ADMIN, "c1", till)

    acts: tuple[tuple[Callable[[Yard, Invoice], Awaitable[None]], int, int], ...] = (
        (take, 100, 3),
        (refund, 0, 6),
    )
    for act, left, least in acts:
        for write in itertools.count(1):
            place, clock, fuse = folder / f"{left}-{write}", HandClock(), Fuse()
            async with open_yard(place, clock, with_fuse(fuse)) as yard:
                _, invoice = await offer(yard)
                fuse.arm(write, stores_first=stores_first)
                with suppress(CrashError):
                    await act(yard, invoice)
                was_blown = fuse.is_blown
            async with open_yard(place, clock) as yard:
                await yard.studio.top_ups.sweep()
                await yard.studio.refunds.finish_open(till)
                assert (await yard.studio.reconciler.reconcile()).findings == ()
                with suppress(ConflictError):
                    await act(yard, invoice)
                assert await balance(yard) == left
                await check(yard)
                news = await yard.stores.notifications.find({})
                assert len(news) == (left == 0)
            if not was_blown:
                break
        assert write > least, "it wrote too little for this to prove anything"


async def test_a_refund_is_made_once_and_by_admins_alone(yard: Yard) -> None:
    mira, invoice = await offer(yard)
    await yard.studio.top_ups.take(pay(invoice))
    refunds, till = yard.studio.refunds, Till()
    with pytest.raises(ForbiddenError):
        await refunds.refund(mira, "c1", till)
    with pytest.raises(NotFoundError):
        await refunds.refund(ADMIN, "c9", till)
    await refunds.refund(ADMIN, "c1", till)
    with pytest.raises(ConflictError, match="before"):
        await refunds.refund(ADMIN, "c1", till)
    assert await balance(yard) == 0
    await check(yard)


async def test_points_that_are_spent_are_not_paid_back(yard: Yard) -> None:
    mira, invoice = await offer(yard)
    points, refunds, till = yard.studio.points, yard.studio.refunds, Till()
    await yard.studio.top_ups.take(pay(invoice))
    await yard.submit(mira, await yard.fill(mira))
    with pytest.raises(InsufficientPointsError, match="nothing was paid back"):
        await refunds.refund(ADMIN, "c1", till)
    assert till.paid == set() and await balance(yard) == 87
    await points.grant(mira.account, 13, "x", "to be paid back")
    await refunds.refund(ADMIN, "c1", till)
    assert till.paid == {"c1"} and await balance(yard) == 0
    assert (await yard.studio.reconciler.reconcile()).findings == ()


async def test_a_platform_that_is_away_or_refuses_leaves_points_and_money_in_step(
    yard: Yard,
) -> None:
    _, invoice = await offer(yard)
    await yard.studio.top_ups.take(pay(invoice))
    till = Till(UnavailableError("away"), RefusedError("no such charge"))
    with pytest.raises(UnavailableError):
        await yard.studio.refunds.refund(ADMIN, "c1", till)
    assert await balance(yard) == 0, "points that are on their way back cannot be spent"
    with pytest.raises(RefusedError):
        await yard.studio.refunds.refund(ADMIN, "c1", till)
    assert await balance(yard) == 100
    with pytest.raises(RefusedError, match="no such charge"):
        await yard.studio.refunds.refund(ADMIN, "c1", till)
    assert await balance(yard) == 100 and till.paid == set()
    await check(yard)


async def test_the_reconciler_compares_payments_with_entries(yard: Yard) -> None:
    _, invoice = await offer(yard)
    payment = await yard.studio.top_ups.take(pay(invoice))
    for change, words in (
        ({"points": 99}, "no payment says the same"),
        ({"account": "ac_other"}, "is said to be credited and is not"),
        ({"refunded_at": yard.clock.now()}, "its points were not taken"),
    ):
        wrong = await yard.stores.payments.replace(payment.changed(yard.clock.now(), **change))
        findings = (await yard.studio.reconciler.reconcile()).findings
        assert any(words in finding for finding in findings), findings
        right = payment.model_copy(update={"version": wrong.version})
        payment = await yard.stores.payments.replace(right)
    assert (await yard.studio.reconciler.reconcile()).findings == ()
