"""Signing in by a one-time link: used once, in time, by whoever it was shown to; and how sessions end."""

import asyncio
from datetime import timedelta

import pytest

from core.accounts.records import Account, Principal, Scope, Session
from core.accounts.sessions import IDLE_LASTS, MAX_SESSIONS, SESSION_LASTS
from core.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from core.notifications.records import NewsKind
from core.records import PageRequest
from tests.core.yard import Yard


async def enter(yard: Yard, person: Principal, previous: str = "") -> tuple[Session, str]:
    """Sign in with a new link."""
    link = await yard.studio.sessions.offer_link(person, "test")
    return await yard.studio.sessions.sign_in(link, "Firefox\n on Linux", previous)


async def expect_out(yard: Yard, secret: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await yard.studio.sessions.authenticate(secret)


async def test_a_link_signs_its_account_in_once_and_says_so(yard: Yard) -> None:
    mira = await yard.meet()
    sessions = yard.studio.sessions
    link = await sessions.offer_link(mira, "test")
    for _ in range(3):  # looking, as previews do, uses nothing up
        found, account = await sessions.look_at_link(link)
        assert (found.platform, account.id) == ("test", mira.account)
    session, secret = await sessions.sign_in(link, "Firefox\n on Linux")
    assert session.client == "Firefox on Linux"
    principal, again = await sessions.authenticate(secret)
    assert principal == mira and again.id == session.id
    with pytest.raises(NotFoundError, match="/login"):
        await sessions.sign_in(link, "thief")
    with pytest.raises(NotFoundError):
        await sessions.look_at_link(link)
    news = (await yard.studio.notifications.list_own(mira, PageRequest())).items[0]
    assert news.kind is NewsKind.SIGNED_IN
    assert news.data == {"client": "Firefox on Linux", "platform": "test"}


async def test_of_two_at_once_with_one_link_one_gets_in(yard: Yard) -> None:
    mira = await yard.meet()
    link = await yard.studio.sessions.offer_link(mira, "test")
    tries = (yard.studio.sessions.sign_in(link, "browser") for _ in range(8))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(answer, NotFoundError) for answer in answers) == 7
    assert len(await yard.studio.sessions.list_own(mira)) == 1


async def test_what_is_stored_opens_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    link = await yard.studio.sessions.offer_link(mira, "test")
    stored = (await yard.stores.login_links.find({}))[0]
    assert link not in stored.model_dump_json()
    _, secret = await yard.studio.sessions.sign_in(link, "browser")
    session = (await yard.stores.sessions.find({}))[0]
    assert secret not in session.model_dump_json()
    for leaked in (stored.secret_sha256, stored.id, session.secret_sha256, session.id):
        await expect_out(yard, leaked)
        with pytest.raises(NotFoundError):
            await yard.studio.sessions.sign_in(leaked, "thief")


@pytest.mark.parametrize("forged", ["", "x", "é" * 50, "\ud800", "a" * 8000])
async def test_a_forged_link_or_cookie_is_none(yard: Yard, forged: str) -> None:
    await yard.studio.sessions.offer_link(await yard.meet(), "test")
    with pytest.raises(NotFoundError):
        await yard.studio.sessions.sign_in(forged, "thief")
    await expect_out(yard, forged)
    await yard.studio.sessions.sign_out(forged)


async def test_only_the_latest_link_works_and_for_five_minutes(yard: Yard) -> None:
    mira, sessions = await yard.meet(), yard.studio.sessions
    first = await sessions.offer_link(mira, "test")
    second = await sessions.offer_link(mira, "test")
    with pytest.raises(NotFoundError):
        await sessions.sign_in(first, "browser")
    yard.clock.pass_s(300)
    with pytest.raises(NotFoundError):
        await sessions.sign_in(second, "browser")
    yard.clock.pass_s(1)
    await sessions.sweep()
    assert await yard.stores.login_links.count({}) == 0


async def test_many_links_asked_for_at_once_leave_one(yard: Yard) -> None:
    mira = await yard.meet()
    made = await asyncio.gather(*(yard.studio.sessions.offer_link(mira, "test") for _ in range(10)))
    assert len(set(made)) == 10 and await yard.stores.login_links.count({}) == 1


async def test_a_token_that_may_only_read_gets_no_link(yard: Yard) -> None:
    mira = await yard.meet()
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ})})
    session, _ = await enter(yard, mira)
    with pytest.raises(ForbiddenError):
        await yard.studio.sessions.offer_link(reader, "test")
    with pytest.raises(ForbiddenError):
        await yard.studio.sessions.revoke(reader, session.id)
    with pytest.raises(ForbiddenError):
        await yard.studio.sessions.revoke_all(reader)


async def test_signing_in_ends_what_the_browser_had_before(yard: Yard) -> None:
    eve, mira = await yard.meet("eve"), await yard.meet()
    _, planted = await enter(yard, eve)
    _, secret = await enter(yard, mira, previous=planted)
    assert secret != planted
    await expect_out(yard, planted)
    assert (await yard.studio.sessions.authenticate(secret))[0] == mira


async def test_a_session_that_rests_for_a_week_ends_and_a_busy_one_after_thirty_days(
    yard: Yard,
) -> None:
    mira, sessions = await yard.meet(), yard.studio.sessions
    _, idle = await enter(yard, mira)
    session, busy = await enter(yard, mira)
    days = 0
    while (yard.clock.now() - session.created_at) < SESSION_LASTS - timedelta(days=6):
        yard.clock.pass_s(6 * 86400)
        days += 6
        await sessions.authenticate(busy)
        await sessions.sweep()
    assert days == 24 and [s.id for s in await sessions.list_own(mira)] == [session.id]
    await expect_out(yard, idle)
    yard.clock.pass_s(6 * 86400)
    assert IDLE_LASTS.days == 7
    await expect_out(yard, busy)
    assert await sessions.list_own(mira) == []
    yard.clock.pass_s(1)
    await sessions.sweep()
    assert await yard.stores.sessions.count({}) == 0


async def test_use_is_noted_to_the_minute(yard: Yard) -> None:
    mira, sessions = await yard.meet(), yard.studio.sessions
    session, secret = await enter(yard, mira)
    yard.clock.pass_s(59)
    assert (await sessions.authenticate(secret))[1].last_used_at == session.last_used_at
    yard.clock.pass_s(1)
    used = await asyncio.gather(*(sessions.authenticate(secret) for _ in range(5)))
    assert {principal for principal, _ in used} == {mira}
    assert (await sessions.list_own(mira))[0].last_used_at == yard.clock.now()


async def test_sessions_are_listed_and_ended_by_their_own_person_alone(yard: Yard) -> None:
    mira, eve, sessions = await yard.meet(), await yard.meet("eve"), yard.studio.sessions
    first, phone = await enter(yard, mira)
    yard.clock.pass_s(1)
    second, laptop = await enter(yard, mira)
    assert [s.id for s in await sessions.list_own(mira)] == [second.id, first.id]
    assert await sessions.list_own(eve) == []
    for unknown in (first.id, "ss_" + "a" * 16):
        with pytest.raises(NotFoundError, match=r"There is no such session\."):
            await sessions.revoke(eve, unknown)
    await sessions.revoke(mira, first.id)
    await expect_out(yard, phone)
    with pytest.raises(NotFoundError):
        await sessions.revoke(mira, first.id)
    link = await sessions.offer_link(mira, "test")
    await sessions.revoke_all(mira)
    await expect_out(yard, laptop)
    with pytest.raises(NotFoundError):
        await sessions.sign_in(link, "browser")


async def test_ending_and_using_at_once_leaves_it_ended(yard: Yard) -> None:
    mira, sessions = await yard.meet(), yard.studio.sessions
    session, secret = await enter(yard, mira)
    yard.clock.pass_s(120)  # the next use is noted, so that both change the record
    await asyncio.gather(
        *(sessions.authenticate(secret) for _ in range(4)),
        sessions.revoke(mira, session.id),
        return_exceptions=True,
    )
    await expect_out(yard, secret)


async def test_the_oldest_session_makes_room(yard: Yard) -> None:
    mira = await yard.meet()
    kept = []
    for _ in range(MAX_SESSIONS + 1):
        kept.append((await enter(yard, mira))[1])
        yard.clock.pass_s(1)
    assert len(await yard.studio.sessions.list_own(mira)) == MAX_SESSIONS
    await expect_out(yard, kept[0])
    await yard.studio.sessions.authenticate(kept[1])


async def test_an_account_that_is_taken_over_is_signed_out(yard: Yard) -> None:
    mira = await yard.meet()
    yard.clock.pass_s(60)
    phone, sessions = await yard.meet("phone"), yard.studio.sessions
    _, stays = await enter(yard, mira)
    _, goes = await enter(yard, phone)
    link = await sessions.offer_link(phone, "test")
    gone = await _take_over(yard, phone, mira)
    await expect_out(yard, goes)  # already by the redirect, before any step of the merge
    with pytest.raises(NotFoundError):
        await sessions.sign_in(link, "browser")
    await yard.stores.accounts.replace(gone.changed(yard.clock.now(), merged_into=None))
    code = await yard.studio.linking.offer(mira)
    await yard.studio.linking.redeem(phone, code)
    assert await yard.stores.sessions.count({"account": phone.account}) == 0
    assert await yard.stores.login_links.count({"account": phone.account}) == 0
    assert (await sessions.authenticate(stays))[0] == mira


async def _take_over(yard: Yard, source: Principal, target: Principal) -> Account:
    account = await yard.studio.accounts.get(source)
    return await yard.stores.accounts.replace(
        account.changed(yard.clock.now(), merged_into=target.account)
    )
