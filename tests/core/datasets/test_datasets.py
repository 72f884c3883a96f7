"""Datasets: who sees what, the same words for what is missing and what is another's, and removal."""

import asyncio

import pytest

from core.accounts.records import Scope
from core.datasets.records import Access, ItemState
from core.datasets.service import MAX_CAPTION_SETS
from core.errors import ForbiddenError, InvalidError, NotFoundError, StaleError
from core.records import PageRequest
from tests.core.yard import Yard, make_item


async def first_item(yard: Yard, dataset: str) -> str:
    return (await yard.stores.items.find({"dataset": dataset}, order="position", limit=1))[0].id


async def open_up(yard: Yard, dataset: str, access: Access) -> None:
    record = await yard.stores.datasets.get(dataset)
    await yard.stores.datasets.replace(record.changed(yard.clock.now(), access=access))


async def test_a_stranger_gets_the_words_of_what_does_not_exist(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = await yard.fill(mira)
    item = await first_item(yard, dataset)
    own = await yard.fill(ben)
    datasets = yard.studio.datasets
    for attempt in (
        datasets.get(ben, dataset),
        datasets.get(ben, "ds_none"),
        datasets.get(ben, "ds_\ud800"),
        datasets.get_own(ben, dataset),
        datasets.describe(ben, dataset, "mine now"),
        datasets.delete(ben, dataset),
        datasets.list_items(ben, dataset, PageRequest()),
        datasets.get_item(ben, dataset, item),
        datasets.caption(ben, dataset, item, "hi"),
        datasets.remove_item(ben, dataset, item),
    ):
        with pytest.raises(NotFoundError) as caught:
            await attempt
        assert caught.value.message == "There is no such dataset."
    for attempt in (
        datasets.get_item(ben, own, item),
        datasets.get_item(ben, own, "it_none"),
        datasets.caption(ben, own, item, "hi"),
        datasets.remove_item(ben, own, item),
    ):
        with pytest.raises(NotFoundError) as caught:
            await attempt
        assert caught.value.message == "There is no such image."


@pytest.mark.parametrize("access", list(Access))
async def test_seeing_is_not_changing(yard: Yard, access: Access) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = await yard.fill(mira)
    await open_up(yard, dataset, access)
    if access is Access.PRIVATE:
        with pytest.raises(NotFoundError):
            await yard.studio.datasets.get(ben, dataset)
    else:
        assert (await yard.studio.datasets.get(ben, dataset)).id == dataset
    with pytest.raises(NotFoundError):
        await yard.studio.datasets.get_own(ben, dataset)
    assert (await yard.studio.datasets.list_own(ben, PageRequest())).items == ()


async def test_a_token_that_may_only_read_changes_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ})})
    for attempt in (
        yard.studio.datasets.create(reader, "new"),
        yard.studio.datasets.describe(reader, dataset, "new"),
        yard.studio.datasets.delete(reader, dataset),
    ):
        with pytest.raises(ForbiddenError, match="write"):
            await attempt


async def test_changes_at_once_all_arrive(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 1)
    item = await first_item(yard, dataset)
    datasets = yard.studio.datasets
    await asyncio.gather(
        *(datasets.describe(mira, dataset, f"name {n}") for n in range(10)),
        *(datasets.caption(mira, dataset, item, f"c{n}", set_name=f"set {n}") for n in range(10)),
    )
    captions = (await yard.stores.items.get(item)).captions
    assert {f"set {n}": f"c{n}" for n in range(10)}.items() <= captions.items()


async def test_caption_sets_and_captions_are_bounded(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 1)
    item = await first_item(yard, dataset)
    for n in range(MAX_CAPTION_SETS - 1):
        await yard.studio.datasets.caption(mira, dataset, item, "x", set_name=f"s{n}")
    with pytest.raises(InvalidError, match="at most 20 sets"):
        await yard.studio.datasets.caption(mira, dataset, item, "x", set_name="one more")
    with pytest.raises(InvalidError, match="8 KiB"):
        await yard.studio.datasets.caption(mira, dataset, item, "x" * 9000)


async def test_a_removal_wins_over_captions_that_are_written_meanwhile(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 8)
    datasets = yard.studio.datasets
    items = await datasets.list_active(dataset)
    results = await asyncio.gather(
        *(datasets.caption(mira, dataset, item.id, "late") for item in items),
        datasets.delete(mira, dataset),
        *(datasets.caption(mira, dataset, item.id, "later") for item in items),
        return_exceptions=True,
    )
    assert not any(isinstance(result, StaleError) for result in results)
    assert await datasets.count_active(dataset) == 0
    assert await yard.stores.items.count({"state": ItemState.WITHDRAWN}) == 8


async def test_a_removed_picture_may_come_back(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 1)
    await yard.studio.datasets.remove_item(mira, dataset, await first_item(yard, dataset))
    again = await yard.stores.items.insert(make_item(yard.clock, mira, dataset, 0))
    assert [item.id for item in await yard.studio.datasets.list_active(dataset)] == [again.id]


async def test_a_list_is_whole_however_long(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 1203)
    active = await yard.studio.datasets.list_active(dataset)
    assert [item.position for item in active] == list(range(1203))
    assert (
        len((await yard.studio.snapshots.take(await yard.stores.datasets.get(dataset))).items)
        == 1203
    )
