"""Deliveries: each piece of news to each platform that its person wants, by one sender at a time."""

import asyncio

from core.accounts.records import Principal
from core.notifications.records import NewsKind, Notification
from tests.core.yard import Yard

PLATFORMS = frozenset({"test", "elsewhere"})


async def tell(yard: Yard, person: Principal, key: str = "one") -> Notification:
    kind = NewsKind.ACCOUNTS_LINKED
    return await yard.studio.notifications.tell(person.account, key, kind, {"platforms": []})


async def test_of_many_senders_one_gets_the_news(yard: Yard) -> None:
    mira = await yard.meet()
    news = await tell(yard, mira)
    parcels = await asyncio.gather(*(yard.studio.deliveries.claim(PLATFORMS) for _ in range(6)))
    got = [parcel for parcel in parcels if parcel is not None]
    assert [parcel.news.id for parcel in got] == [news.id]
    assert [address.external_id for address in got[0].addresses] == ["mira"]


async def test_a_sender_that_died_is_followed_by_another_that_sends_what_is_left(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    await tell(yard, mira)
    deliveries = yard.studio.deliveries
    parcel = await deliveries.claim(PLATFORMS)
    assert parcel is not None
    yard.clock.pass_s(59)
    assert await deliveries.claim(PLATFORMS) is None
    yard.clock.pass_s(2)
    again = await deliveries.claim(PLATFORMS)
    assert again is not None and again.addresses == parcel.addresses
    await deliveries.settle(again.news, again.addresses[0])
    yard.clock.pass_s(61)
    assert await deliveries.claim(PLATFORMS) is None
    assert (await yard.stores.notifications.get(parcel.news.id)).due_at is None


async def test_news_is_sent_nowhere_that_is_muted_or_unknown_here(yard: Yard) -> None:
    mira, ben = await yard.meet(), await yard.meet("ben")
    await yard.studio.accounts.set_muted(mira, "test", True)
    first, second = await tell(yard, mira), await tell(yard, ben)
    parcel = await yard.studio.deliveries.claim(PLATFORMS)
    assert parcel is not None and parcel.news.id == second.id
    assert await yard.studio.deliveries.claim(PLATFORMS) is None
    assert (await yard.stores.notifications.get(first.id)).due_at is None
    await yard.studio.accounts.set_muted(mira, "test", False)
    third = await tell(yard, mira, "two")
    assert await yard.studio.deliveries.claim(frozenset({"elsewhere"})) is None
    assert (await yard.stores.notifications.get(third.id)).due_at is None


async def test_what_cannot_be_sent_is_tried_ever_later_and_given_up_after_two_days(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    news = await tell(yard, mira)
    pauses, passed = [], 0.0
    while True:
        parcel = await yard.studio.deliveries.claim(PLATFORMS)
        assert parcel is not None
        await yard.studio.deliveries.put_off(parcel.news)
        due_at = (await yard.stores.notifications.get(news.id)).due_at
        if due_at is None:
            break
        pauses.append((due_at - yard.clock.now()).total_seconds())
        passed += pauses[-1]
        yard.clock.pass_s(pauses[-1])
    assert pauses[:4] == [10, 20, 40, 80] and max(pauses) == 3600
    assert 45 < passed / 3600 <= 48


async def test_a_platform_says_itself_when_to_try_again(yard: Yard) -> None:
    mira = await yard.meet()
    await tell(yard, mira)
    parcel = await yard.studio.deliveries.claim(PLATFORMS)
    assert parcel is not None
    await yard.studio.deliveries.put_off(parcel.news, retry_after_s=600)
    yard.clock.pass_s(599)
    assert await yard.studio.deliveries.claim(PLATFORMS) is None
    yard.clock.pass_s(1)
    assert await yard.studio.deliveries.claim(PLATFORMS) is not None


async def test_reading_meanwhile_disturbs_no_delivery(yard: Yard) -> None:
    mira = await yard.meet()
    news = await tell(yard, mira)
    parcel = await yard.studio.deliveries.claim(PLATFORMS)
    assert parcel is not None
    await yard.studio.notifications.mark_read(mira, news.id)
    await yard.studio.deliveries.settle(parcel.news, parcel.addresses[0])
    await yard.studio.deliveries.finish(parcel.news)
    kept = await yard.stores.notifications.get(news.id)
    assert kept.read_at is not None and kept.due_at is None
    assert kept.settled == (parcel.addresses[0].id,)
