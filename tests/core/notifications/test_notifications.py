"""Notifications: one piece of news once, read by nobody but its owner."""

import asyncio

import pytest

from core.errors import NotFoundError
from core.records import PageRequest
from tests.core.yard import PRICE, Yard


async def test_news_of_an_end_is_told_once_and_says_what_it_cost(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    yard.clock.pass_s(60)
    job = await yard.finish(job)
    model = await yard.studio.models.get(mira, job.model or "")
    yard.clock.pass_s(3600)
    told = yard.studio.notifications.tell_job_ended
    again = await asyncio.gather(*(told(job, model, PRICE) for _ in range(5)))
    assert len({news.id for news in again}) == 1
    page = await yard.studio.notifications.list_own(mira, PageRequest())
    assert [news.id for news in page.items] == [again[0].id]
    data = page.items[0].data
    assert (data["charged_points"], data["refunded_points"]) == (PRICE, 0)
    assert data["duration_s"] == 60.0
    assert data["trigger_words"] == ["flagon"]


async def test_reading_twice_changes_nothing_and_others_find_nothing(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    await yard.finish(await yard.train(mira, await yard.fill(mira)))
    notifications = yard.studio.notifications
    news = (await notifications.list_own(mira, PageRequest())).items[0]
    reads = await asyncio.gather(*(notifications.mark_read(mira, news.id) for _ in range(5)))
    assert {read.read_at for read in reads} == {yard.clock.now()}
    assert await yard.stores.notifications.get(news.id) == reads[0]
    for news_id in (news.id, "nt_none"):
        with pytest.raises(NotFoundError) as caught:
            await notifications.mark_read(ben, news_id)
        assert caught.value.message == "There is no such notification."
    assert (await notifications.list_own(ben, PageRequest())).items == ()


async def test_a_model_and_its_files_are_their_owners(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    job = await yard.finish(await yard.train(mira, await yard.fill(mira)))
    models = yard.studio.models
    for model_id in (job.model or "", "md_none"):
        with pytest.raises(NotFoundError) as caught:
            await models.get(ben, model_id)
        assert caught.value.message == "There is no such model."
        with pytest.raises(NotFoundError):
            await models.find_file(ben, model_id, "weights")
    with pytest.raises(NotFoundError, match="no such file"):
        await models.find_file(mira, job.model or "", "weights")
