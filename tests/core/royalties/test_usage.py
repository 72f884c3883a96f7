"""Usage reports: paid once, to the point, for what a prompt really brings in, and after any crash."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from core.accounts.records import Principal, Scope
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    InvalidError,
)
from core.royalties.usage import MAX_IMAGES, NewUsage
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.models.people import publish, train_model
from tests.core.yard import Yard, open_yard


def usage(prompt: str, images: int = 3, family: str = "tiny") -> NewUsage:
    return NewUsage(prompt=prompt, family=family, images=images)


async def balance(yard: Yard, person: Principal) -> int:
    return await yard.studio.points.get_balance(person.account)


async def test_a_report_pays_trainer_and_contributors_once(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    gen = await yard.meet("gen", 100)
    model = await train_model(yard, mira, "flagon", pictures_of=(mira, ben, ben))
    await yard.studio.publishing.publish(mira, model.id)
    before = await balance(yard, mira), await balance(yard, ben)
    reports = await asyncio.gather(
        *(yard.studio.usage.report(gen, usage("a flagon", 12), "k1") for _ in range(8))
    )
    assert {report.id for report in reports} == {reports[0].id} and reports[0].points == 12
    assert await balance(yard, gen) == 88
    await yard.studio.payouts.sweep()
    # 5,000 for training and a third of the other 5,000; the rest for two of three pictures
    gained = await balance(yard, mira) - before[0], await balance(yard, ben) - before[1]
    assert gained == (8, 4)
    await yard.studio.popularity.sweep()
    assert (await yard.studio.models.get(mira, model.id)).generations == 1
    assert await yard.studio.royalties.sum_model(model.id) == 12
    await yard.check()


async def test_a_report_sent_again_by_an_account_that_took_the_reporter_over_is_the_same(
    yard: Yard,
) -> None:
    mira, older = await yard.meet("mira"), await yard.meet("older", 0)
    yard.clock.pass_s(1)
    gen = await yard.meet("gen", 100)
    await publish(yard, mira, "flagon")
    report = yard.studio.usage.report
    first = await report(gen, usage("a flagon", 5), "k")
    accounts = yard.studio.accounts
    one, two = await accounts.get(gen), await accounts.get(older)
    kept = accounts.speak_for(await yard.studio.merging.merge(one, two))
    assert kept.account == older.account != first.account
    assert await report(kept, usage("a flagon", 5), "k") == first
    assert await balance(yard, kept) == 95
    assert (await report(kept, usage("a flagon", 6), "k")).id != first.id
    assert await balance(yard, kept) == 89


@pytest.mark.parametrize("sent_again", [False, True], ids=["swept", "sent again"])
@pytest.mark.parametrize("write", [1, 2], ids=["unpaid", "paid"])
async def test_a_report_of_an_account_that_was_taken_over_after_a_crash_is_paid_once(
    yard: Yard, write: int, sent_again: bool
) -> None:
    mira, older = await yard.meet("mira"), await yard.meet("older", 3)
    yard.clock.pass_s(1)
    middle, gen = await yard.meet("middle", 2), await yard.meet("gen", 100)
    await publish(yard, mira, "flagon")
    earned, fuse = await balance(yard, mira), Fuse()
    dying = yard.start_process(with_fuse(fuse))
    fuse.arm(write, stores_first=True)
    with pytest.raises(CrashError):
        await dying.studio.usage.report(gen, usage("a flagon", 5), "k")
    accounts = yard.studio.accounts
    for one, two in ((gen, middle), (middle, older)):
        await yard.studio.merging.merge(await accounts.get(one), await accounts.get(two))
    if sent_again:
        again = await yard.studio.usage.report(older, usage("a flagon", 5), "k")
        assert again.account == gen.account and again.unpaid is None
    await asyncio.gather(*(yard.studio.usage.sweep() for _ in range(3)))
    assert await balance(yard, older) == 100
    await yard.studio.payouts.sweep()
    assert await balance(yard, mira) == earned + 5
    assert await yard.stores.usage_reports.count({}) == 1
    assert await yard.stores.usage_reports.count({"unpaid": True}) == 0
    await yard.check()


async def test_own_models_unknown_words_and_models_switched_off_cost_nothing(yard: Yard) -> None:
    mira, gen = await yard.meet("mira"), await yard.meet("gen", 10)
    model = await publish(yard, mira, "flagon")
    for person, prompt in (
        (mira, "a flagon"),
        (gen, "a cat"),
        (gen, f"a flagon <lora:{model.slug}:0>"),
    ):
        report = await yard.studio.usage.report(person, usage(prompt), prompt)
        assert report.points == 0
    assert await balance(yard, gen) == 10


async def test_what_cannot_be_paid_or_makes_no_sense_is_not_reported(yard: Yard) -> None:
    mira, gen = await yard.meet("mira"), await yard.meet("gen", 2)
    await publish(yard, mira, "flagon")
    report = yard.studio.usage.report
    with pytest.raises(InsufficientPointsError):
        await report(gen, usage("a flagon", 3), "k")
    for wrong, key in (
        (usage("a flagon", 0), "k"),
        (usage("a flagon", MAX_IMAGES + 1), "k"),
        (usage("a flagon", family="sd99"), "k"),
        (usage("a flagon"), ""),
    ):
        with pytest.raises(InvalidError):
            await report(gen, wrong, key)
    assert (await report(gen, usage("a flagon", 2), "k")).points == 2
    with pytest.raises(ConflictError):
        await report(gen, usage("a flagon", 1), "k")
    reader = gen.model_copy(update={"scopes": frozenset({Scope.READ})})
    with pytest.raises(ForbiddenError):
        await report(reader, usage("a flagon"), "k2")


@pytest.mark.parametrize("stores_first", [False, True])
async def test_a_crash_at_any_write_charges_once_and_loses_no_royalty(
    folder: Path, stores_first: bool
) -> None:
    clock = HandClock()
    async with open_yard(folder, clock) as yard:
        mira, gen = await yard.meet("mira"), await yard.meet("gen", 500)
        await publish(yard, mira, "flagon")
        for write in range(1, 30):
            before = await balance(yard, gen), await balance(yard, mira)
            fuse, key = Fuse(), f"report {write}"
            async with open_yard(folder, clock, with_fuse(fuse)) as dying:
                fuse.arm(write, stores_first=stores_first)
                with suppress(CrashError):
                    await dying.studio.usage.report(gen, usage("a flagon", 5), key)
            await yard.studio.usage.sweep()
            await yard.studio.usage.report(gen, usage("a flagon", 5), key)
            await yard.studio.payouts.sweep()
            after = await balance(yard, gen), await balance(yard, mira)
            assert after == (before[0] - 5, before[1] + 5)
            yard.clock.pass_s(600)
            await yard.check()
            if not fuse.is_blown:
                return
    raise AssertionError("the report never came to its end")
