"""Finding models: favourites, lists by page, pictures taken back, and two accounts that become one."""

import asyncio

import pytest

from core.accounts.records import Principal
from core.datasets.records import ItemState
from core.errors import NotFoundError
from core.models.browsing import Order, Search, Show
from core.models.publishing import Card
from core.models.records import ModelAccess, TrainedModel
from core.notifications.records import NewsKind
from core.records import PageRequest
from tests.core.models.people import publish, resolve, slugs, train_model
from tests.core.yard import Yard

PUBLIC = Search(show=Show.PUBLIC)
ALL = PageRequest(limit=200)


async def browse(yard: Yard, person: Principal, search: Search, limit: int = 2) -> list[str]:
    """Go through every page and return the models' first words."""
    found: list[TrainedModel] = []
    request = PageRequest(limit=limit)
    while True:
        page = await yard.studio.browsing.list(person, search, request)
        assert len(page.items) <= limit
        found.extend(page.items)
        if page.next is None:
            return [model.trigger_words[0] for model in found]
        request = PageRequest(limit=limit, after=page.next)


async def publish_many(yard: Yard, person: Principal) -> list[TrainedModel]:
    models = []
    for number, word in enumerate(("flagon", "tankard", "beaker", "pewter mug", "grail")):
        yard.clock.pass_s(1)
        model = await publish(yard, person, word)
        card = Card(tags=("vessel",) if number % 2 else ("vessel", "holy"))
        await yard.studio.publishing.describe(person, model.id, card)
        models.append(model)
    return models


async def test_models_are_listed_by_page_in_either_order_and_hidden_ones_never(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    models = await publish_many(yard, mira)
    await train_model(yard, mira, "secret")
    hidden = await train_model(yard, mira, "unlisted")
    await yard.studio.publishing.publish(mira, hidden.id, ModelAccess.UNLISTED)
    for number, model in enumerate(models):
        for use in range((number * 3) % 5):
            job = model.provenance.job
            await yard.studio.royalties.note_use(f"jb_{use}", ben.account, model.id, job)
    assert await yard.studio.popularity.sweep() == 4
    assert await yard.studio.popularity.sweep() == 0
    newest = ["grail", "pewter mug", "beaker", "tankard", "flagon"]
    assert await browse(yard, ben, PUBLIC) == newest
    popular = Search(show=Show.PUBLIC, order=Order.POPULAR)
    assert await browse(yard, ben, popular) == [
        *("pewter mug", "tankard", "grail", "beaker", "flagon"),
    ]
    assert await browse(yard, ben, Search()) == []
    assert set(await browse(yard, mira, Search())) == {*newest, "secret", "unlisted"}
    assert await browse(yard, ben, Search(show=Show.PUBLIC, family="sdxl")) == []
    assert await browse(yard, ben, Search(show=Show.PUBLIC, family="tiny", tag="Holy")) == [
        *("grail", "beaker", "flagon"),
    ]
    assert await browse(yard, ben, Search(show=Show.PUBLIC, text="ＭＵＧ Vessel")) == ["pewter mug"]
    assert await browse(yard, ben, Search(show=Show.PUBLIC, text="secret")) == []
    assert await browse(yard, ben, Search(show=Show.PUBLIC, text=".*")) == []
    assert await browse(yard, mira, Search(text="secret")) == ["secret"]


async def test_favourites_are_one_a_person_and_the_counter_is_exact(yard: Yard) -> None:
    mira = await yard.meet("mira")
    model = await publish(yard, mira, "flagon")
    people = [await yard.meet(f"person {n}", 0) for n in range(8)]
    await asyncio.gather(*(yard.studio.favourites.add(p, model.id) for p in people * 2))
    assert (await yard.studio.models.get(mira, model.id)).favourites == 8
    await asyncio.gather(*(yard.studio.favourites.remove(p, model.id) for p in people[:5] * 2))
    assert (await yard.studio.models.get(mira, model.id)).favourites == 3
    assert await yard.studio.favourites.has(people[7], model.id)
    assert not await yard.studio.favourites.has(people[0], model.id)


async def test_favourites_that_cannot_be_seen_any_more_are_not_listed(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    models = await publish_many(yard, mira)
    for model in models:
        yard.clock.pass_s(1)
        await yard.studio.favourites.add(ben, model.id)
    for model in models[1:4]:
        await yard.studio.publishing.withdraw(mira, model.id)
    liked = Search(show=Show.FAVOURITES)
    for limit in (1, 2, 5):
        assert await browse(yard, ben, liked, limit) == ["grail", "flagon"]
    assert await browse(yard, ben, Search(show=Show.FAVOURITES, text="grail")) == ["grail"]


async def join(yard: Yard, owner: Principal, member: Principal, dataset: str) -> None:
    code = await yard.studio.sharing.invite(owner, dataset)
    await yard.studio.sharing.join(member, code)


async def test_a_picture_taken_back_is_told_to_those_who_trained_on_it_and_changes_nothing_else(
    yard: Yard,
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await train_model(yard, mira, "flagon", pictures_of=(mira, ben, mira))
    dataset = model.provenance.dataset
    await join(yard, mira, ben, dataset)
    public = await yard.studio.publishing.publish(mira, model.id)
    items = await yard.studio.datasets.list_active(dataset)
    mine = next(item for item in items if item.contributor == mira.account)
    bens = next(item for item in items if item.contributor == ben.account)
    await yard.studio.contributions.remove_item(mira, dataset, mine.id)
    await yard.studio.contributions.remove_item(ben, dataset, bens.id)
    with pytest.raises(NotFoundError):
        await yard.studio.contributions.remove_item(ben, dataset, bens.id)
    assert (await yard.stores.items.get(bens.id)).state is ItemState.WITHDRAWN
    news = (await yard.studio.notifications.list_own(mira, ALL)).items
    told = [n.data for n in news if n.kind is NewsKind.PICTURE_WITHDRAWN]
    assert [(data["model"], data["dataset"]) for data in told] == [(model.id, dataset)]
    after = await yard.studio.models.get(ben, model.id)
    assert after.shares == public.shares and after.is_public


async def test_models_and_favourites_follow_an_account_that_is_taken_over(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    both, only = await publish(yard, ben, "flagon"), await train_model(yard, ben, "tankard")
    await yard.studio.publishing.publish(ben, only.id, ModelAccess.UNLISTED)
    own = await publish(yard, phone, "beaker")
    private = await train_model(yard, phone, "secret")
    for person, model in ((mira, both), (phone, both), (phone, only)):
        await yard.studio.favourites.add(person, model.id)
    assert (await resolve(yard, mira, "secret tankard")).models == ()
    code = await yard.studio.linking.offer(mira)
    await yard.studio.linking.redeem(phone, code)
    assert slugs(await resolve(yard, mira, "secret tankard beaker")) == [
        *(private.slug, only.slug, own.slug),
    ]
    found = await resolve(yard, ben, "beaker")
    assert found.models[0].owner == mira.account
    liked = await browse(yard, mira, Search(show=Show.FAVOURITES))
    assert sorted(liked) == ["flagon", "tankard"]
    counts = [(await yard.stores.models.get(model.id)).favourites for model in (both, only)]
    assert counts == [1, 1]
    await yard.sweep_later()
    assert await yard.stores.favourites.count({"account": phone.account}) == 0


async def test_contributors_that_were_merged_since_are_paid_under_the_account_that_is_left(
    yard: Yard,
) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    yard.clock.pass_s(60)
    phone = await yard.meet("phone")
    model = await train_model(yard, mira, "flagon", pictures_of=(phone, ben, ben))
    code = await yard.studio.linking.offer(ben)
    await yard.studio.linking.redeem(phone, code)
    public = await yard.studio.publishing.publish(mira, model.id)
    assert {share.account: share.bps for share in public.shares} == {
        mira.account: 5000,
        ben.account: 5000,
    }


async def test_for_pictures_of_somebody_who_is_gone_the_trainer_is_paid(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await train_model(yard, mira, "flagon", pictures_of=(ben, mira, mira))
    await yard.studio.leaving.deletion.delete(ben, "ben")
    public = await yard.studio.publishing.publish(mira, model.id)
    assert {share.account: share.bps for share in public.shares} == {mira.account: 10_000}
