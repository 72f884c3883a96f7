"""Payouts: what was earned arrives once, whoever sweeps, whenever it was earned, whoever one has become."""

import asyncio
import itertools
from contextlib import suppress

import pytest

from core.accounts.records import Principal
from core.notifications.records import NewsKind
from core.points.records import EntryKind
from core.records import PageRequest
from core.royalties.records import Part
from core.royalties.shares import sum_by_payee
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.points.books import list_rest_faults
from tests.core.yard import PRICE, Yard


async def generate(
    yard: Yard, payer: Principal, name: str, *earned: tuple[Principal, int], charge: int = 10
) -> None:
    """Hold, settle with royalties and accrue them, as the end of a generation does."""
    parts = [
        Part(model="md_one", training="jb_one", payee=payee.account, points=points)
        for payee, points in earned
    ]
    await yard.studio.points.hold(payer.account, name, charge, "A generation")
    royalties = sum_by_payee(parts)
    await yard.studio.points.settle(payer.account, name, charge, "A generation", royalties)
    await yard.studio.royalties.accrue(name, payer.account, parts)


async def balance(yard: Yard, person: Principal) -> int:
    return await yard.studio.points.get_balance(person.account)


async def test_what_was_earned_is_paid_once_however_many_sweep(yard: Yard) -> None:
    payer, ada, ben = await yard.meet("payer"), await yard.meet("ada", 0), await yard.meet("ben", 0)
    await generate(yard, payer, "g1", (ada, 3), (ben, 1))
    await generate(yard, payer, "g2", (ada, 4))
    assert await balance(yard, ada) == 0
    await asyncio.gather(*(yard.studio.payouts.sweep() for _ in range(8)))
    assert (await balance(yard, ada), await balance(yard, ben)) == (7, 1)
    assert await yard.studio.payouts.sweep() == 0
    earnings = await yard.studio.payouts.get_earnings(ada)
    assert (earnings.earned_points, earnings.due_points) == (7, 0)
    news = (await yard.studio.notifications.list_own(ada, PageRequest())).items
    assert [(n.kind, n.data) for n in news] == [(NewsKind.ROYALTIES_PAID, {"points": 7})]
    verdict = await yard.studio.reconciler.reconcile()
    assert verdict.is_sound, verdict.findings
    assert verdict.granted_points + 8 == verdict.charged_points + verdict.balances_points


async def test_what_comes_in_while_others_sweep_is_never_lost_nor_paid_twice(yard: Yard) -> None:
    payer, ada = await yard.meet("payer"), await yard.meet("ada", 0)
    calls = [generate(yard, payer, f"g{n}", (ada, 2)) for n in range(20)]
    sweeps = [yard.studio.payouts.sweep() for _ in range(20)]
    await asyncio.gather(*(call for pair in zip(calls, sweeps, strict=True) for call in pair))
    await yard.studio.payouts.sweep()
    assert await balance(yard, ada) == 40
    entries = await yard.stores.entries.find({"account": ada.account})
    assert {entry.kind for entry in entries} == {EntryKind.SWEEP}
    assert (await yard.studio.reconciler.reconcile()).is_sound


async def test_little_is_kept_until_it_is_enough(yard: Yard) -> None:
    payer, ada = await yard.meet("payer"), await yard.meet("ada", 0)
    yard.studio.payouts.minimum_points = 10
    for n in range(3):
        await generate(yard, payer, f"g{n}", (ada, 4))
        await yard.studio.payouts.sweep()
    assert await balance(yard, ada) == 12


async def test_royalties_of_an_account_that_was_taken_over_reach_whoever_has_it_now(
    yard: Yard,
) -> None:
    payer, ada = await yard.meet("payer"), await yard.meet("ada", 0)
    twin, third = await yard.meet("twin", 0), await yard.meet("third", 0)
    accounts, merging = yard.studio.accounts, yard.studio.merging
    yard.clock.pass_s(1)
    kept = await merging.merge(await accounts.get(ada), await accounts.get(twin))
    kept = await merging.merge(kept, await accounts.get(third))
    yard.clock.pass_s(3600)
    await merging.sweep()
    for person in (ada, twin, third):
        await generate(yard, payer, f"late:{person.account}", (person, 5))
    await asyncio.gather(*(yard.studio.payouts.sweep() for _ in range(4)))
    assert await yard.studio.points.get_balance(kept.id) == 15
    await generate(yard, payer, "later", (twin, 5))
    await yard.studio.payouts.sweep()
    assert await yard.studio.points.get_balance(kept.id) == 20
    assert (await yard.studio.reconciler.reconcile()).is_sound


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
async def test_a_payout_that_a_crash_left_half_done_is_finished_before_the_next(
    yard: Yard, stores_first: bool
) -> None:
    payer, kept = await yard.meet("payer"), await yard.meet("kept", 0)
    yard.clock.pass_s(1)
    ada = await yard.meet("ada", 0)
    accounts = yard.studio.accounts
    await yard.studio.merging.merge(await accounts.get(ada), await accounts.get(kept))
    await yard.sweep_later()
    assert await yard.stores.merges.count({"open": True}) == 0
    for write in itertools.count(1):
        before, fuse = await balance(yard, kept), Fuse()
        await generate(yard, payer, f"g{write}", (ada, 2))
        dying = yard.start_process(with_fuse(fuse))
        fuse.arm(write, stores_first=stores_first)
        with suppress(CrashError):
            await dying.studio.payouts.pay(ada.account)
        await generate(yard, payer, f"later g{write}", (ada, 3))
        await yard.studio.payouts.sweep()
        assert await balance(yard, kept) == before + 5
        entries = await yard.stores.entries.find({})
        accruals = await yard.stores.accruals.find({})
        assert list_rest_faults(entries, accruals) == []
        if not fuse.is_blown:
            assert write > 5, "it wrote too little for this to prove anything"
            return


async def test_the_reconciler_sees_royalties_that_were_never_accrued_or_paid_too_well(
    yard: Yard,
) -> None:
    payer, ada = await yard.meet("payer"), await yard.meet("ada", 0)
    await yard.studio.points.hold(payer.account, "g1", 10, "A generation")
    await yard.studio.points.settle(payer.account, "g1", 10, "x", {ada.account: 4})
    assert (await yard.studio.reconciler.reconcile()).is_sound  # the accruals may be on their way
    yard.clock.pass_s(600)
    verdict = await yard.studio.reconciler.reconcile()
    assert "its royalties are not what was accrued" in verdict.findings[0]
    part = Part(model="md_one", training="jb_one", payee=ada.account, points=4)
    await yard.studio.royalties.accrue("g1", payer.account, [part])
    assert (await yard.studio.reconciler.reconcile()).is_sound
    await yard.studio.payouts.sweep()
    for accrual in await yard.stores.accruals.find({}):
        await yard.stores.accruals.delete(accrual)
    verdict = await yard.studio.reconciler.reconcile()
    assert any("was paid more royalties" in finding for finding in verdict.findings)


async def test_what_a_job_was_charged_counts_what_went_to_makers(yard: Yard) -> None:
    mira, ada = await yard.meet(), await yard.meet("ada", 0)
    job = await yard.train(mira, await yard.fill(mira))
    part = Part(model="md_one", training="jb_one", payee=ada.account, points=4)
    royalties = sum_by_payee([part])
    await yard.studio.points.settle(mira.account, job.id, PRICE, "x", royalties)
    await yard.studio.royalties.accrue(job.id, mira.account, [part])
    assert (await yard.finish(job)).charged_points == PRICE
    await yard.check()


async def test_uses_and_earnings_are_counted_by_model_and_training(yard: Yard) -> None:
    payer, ada = await yard.meet("payer"), await yard.meet("ada", 0)
    royalties = yard.studio.royalties
    for name in ("g1", "g2"):
        await generate(yard, payer, name, (ada, 2))
        for _ in range(2):
            await royalties.note_use(name, payer.account, "md_one", "jb_one")
    assert await royalties.count_uses("md_one") == 2
    assert await royalties.sum_model("md_one") == 4
    assert await royalties.sum_training("jb_one") == 4
    assert await royalties.sum_payee(ada.account, "md_other") == 0
    mine = await royalties.list_own(ada, PageRequest())
    assert [a.points for a in mine.items] == [2, 2]
    assert (await royalties.list_own(payer, PageRequest())).items == ()
