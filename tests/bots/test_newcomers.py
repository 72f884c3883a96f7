"""First contact: one account, a welcome, points once, and the platform's language."""

import asyncio

from core.studio import Studio
from tests.bots.people import Person, expect_reply


async def test_a_newcomer_is_welcomed_once_with_points(mira: Person, studio: Studio) -> None:
    first = expect_reply(await mira.type("/points"), "You have 100 points")
    assert first.text == "Welcome to Trainyard, mira! You have 100 points to begin with."
    assert expect_reply(await mira.type("/points"), "You have 100 points").text == ""


async def test_many_first_words_at_once_make_one_account(mira: Person, studio: Studio) -> None:
    await asyncio.gather(*(mira.type("/points") for _ in range(8)))
    expect_reply(await mira.type("/points"), "You have 100 points")
    me = await mira.meet()
    assert len(await studio.accounts.list_identities(me)) == 1


async def test_points_that_a_crash_kept_back_come_with_the_next_word(
    mira: Person, studio: Studio
) -> None:
    await studio.accounts.first_contact("test", "mira", "mira")
    expect_reply(await mira.type("/points"), "You have 100 points")


async def test_spent_points_are_not_given_again(mira: Person, studio: Studio) -> None:
    await mira.type("/points")
    me = await mira.meet()
    await studio.points.hold(me.account, "jb_x", 100, "all of it")
    expect_reply(await mira.type("/points"), "You have 0 points")
