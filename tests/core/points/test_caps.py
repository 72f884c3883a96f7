"""Caps that people set themselves: nothing is spent beyond them, however many try at once."""

import asyncio

import pytest

from core.accounts.records import Scope, SpendingCaps
from core.errors import ForbiddenError, InvalidError, OverCapError
from core.points.records import MAX_POINTS
from core.royalties.usage import NewUsage
from tests.core.models.people import publish
from tests.core.yard import PRICE, Yard


@pytest.mark.every_store
async def test_of_many_at_once_only_those_below_the_cap_are_held(yard: Yard) -> None:
    mira = await yard.meet("mira", 1000)
    await yard.studio.spending.set_caps(mira, SpendingCaps(day_points=25))
    elsewhere = yard.start_process(lambda documents: documents)
    holds = (
        each.studio.points.hold(mira.account, f"jb_{n}{each is yard}", 10, "x")
        for n in range(6)
        for each in (yard, elsewhere)
    )
    answers = await asyncio.gather(*holds, return_exceptions=True)
    assert sum(isinstance(answer, OverCapError) for answer in answers) == 10
    assert await yard.studio.points.get_balance(mira.account) == 980
    assert (await yard.studio.spending.get_spent(mira)).day_points == 20


async def test_what_comes_back_makes_room_and_a_new_day_and_month_begin_at_nothing(
    yard: Yard,
) -> None:
    mira = await yard.meet("mira", 1000)
    points, spending = yard.studio.points, yard.studio.spending
    await spending.set_caps(mira, SpendingCaps(day_points=30, month_points=50))
    await points.hold(mira.account, "jb_1", 30, "x")
    with pytest.raises(OverCapError, match="cap of 30 a day leaves 0"):
        await points.hold(mira.account, "jb_2", 1, "x")
    await points.settle(mira.account, "jb_1", 10, "x")
    with pytest.raises(OverCapError, match="leaves 20"):
        await points.hold(mira.account, "jb_2", 21, "x")
    await points.hold(mira.account, "jb_2", 20, "x")
    yard.clock.pass_s(12 * 3600 - 0.001)  # the last instant of the day
    assert (await spending.get_spent(mira)).day_points == 30
    yard.clock.pass_s(0.001)
    assert (await spending.get_spent(mira)).day_points == 0
    with pytest.raises(OverCapError, match="cap of 50 a month leaves 20"):
        await points.hold(mira.account, "jb_3", 21, "x")
    await points.hold(mira.account, "jb_3", 20, "x")
    yard.clock.pass_s(30 * 86_400)  # April
    spent = await spending.get_spent(mira)
    assert (spent.day_points, spent.month_points) == (0, 0)
    assert (await yard.studio.points.hold(mira.account, "jb_1", 30, "x")).ref == "jb_1"


async def test_trainings_and_reports_beyond_a_cap_are_refused_and_not_kept(yard: Yard) -> None:
    mira, gen = await yard.meet("mira"), await yard.meet("gen", 100)
    await publish(yard, mira, "flagon")
    spending = yard.studio.spending
    await spending.set_caps(gen, SpendingCaps(day_points=PRICE - 1))
    dataset = await yard.fill(gen)
    with pytest.raises(OverCapError, match="Wait until tomorrow"):
        await yard.submit(gen, dataset)
    assert await yard.stores.jobs.count({"owner": gen.account}) == 0
    await spending.set_caps(gen, SpendingCaps(month_points=0))
    with pytest.raises(OverCapError, match="Wait until next month"):
        await yard.studio.usage.report(gen, NewUsage(prompt="a flagon", family="tiny"), "k")
    assert await yard.stores.usage_reports.count({}) == 0
    await spending.set_caps(gen, SpendingCaps())
    await yard.submit(gen, dataset)
    await yard.studio.usage.report(gen, NewUsage(prompt="a flagon", family="tiny"), "k")
    assert (await spending.get_spent(gen)).month_points == PRICE + 1


async def test_caps_are_whole_numbers_and_no_token_that_only_spends_lifts_them(yard: Yard) -> None:
    mira = await yard.meet("mira")
    set_caps = yard.studio.spending.set_caps
    for wrong in (-1, MAX_POINTS + 1):
        with pytest.raises(InvalidError, match="whole number"):
            await set_caps(mira, SpendingCaps(day_points=wrong))
    spender = mira.model_copy(update={"scopes": frozenset({Scope.READ, Scope.SPEND})})
    with pytest.raises(ForbiddenError):
        await set_caps(spender, SpendingCaps())
