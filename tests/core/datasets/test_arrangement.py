"""The order of pictures, changed by hand; and what a list says of a dataset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts.records import Principal, Role
from core.datasets.arrangement import find_positions
from core.datasets.records import Item
from core.errors import InvalidError, NotFoundError
from tests.clock import HandClock
from tests.core.yard import Yard, make_item

_ADA = Principal(account="ac_" + "a" * 16, role=Role.MEMBER)


async def list_ids(yard: Yard, dataset: str) -> list[str]:
    return [item.id for item in await yard.studio.datasets.list_active(dataset)]


async def test_pictures_are_moved_before_another_to_the_front_and_to_the_end(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 5)
    a, b, c, d, e = await list_ids(yard, dataset)
    move = yard.studio.arrangement.move
    await move(mira, dataset, [e, a], c)
    assert await list_ids(yard, dataset) == [b, e, a, c, d]
    await move(mira, dataset, [d], b)
    assert await list_ids(yard, dataset) == [d, b, e, a, c]
    await move(mira, dataset, [d, e], None)
    assert await list_ids(yard, dataset) == [b, a, c, d, e]


async def test_a_move_that_makes_no_sense_moves_nothing(yard: Yard) -> None:
    mira, ben = await yard.meet(), await yard.meet("ben")
    dataset = await yard.fill(mira, 3)
    a, b, c = await list_ids(yard, dataset)
    move = yard.studio.arrangement.move
    for ids, before in (([a, a], b), ([a], a)):
        with pytest.raises(InvalidError, match="different pictures"):
            await move(mira, dataset, ids, before)
    for person, ids, before in ((mira, ["it_none"], b), (mira, [a], "it_none"), (ben, [a], c)):
        with pytest.raises(NotFoundError):
            await move(person, dataset, ids, before)
    assert await list_ids(yard, dataset) == [a, b, c]


@given(st.data())
def test_every_move_leaves_the_others_in_their_order_however_close_they_lie(
    data: st.DataObject,
) -> None:
    gaps = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=8))
    positions = [100 + sum(gaps[: index + 1]) for index in range(len(gaps))]
    items = [_place(index, position) for index, position in enumerate(positions)]
    moved = data.draw(st.lists(st.sampled_from(items), min_size=1, unique_by=lambda item: item.id))
    rest = [item for item in items if item not in moved]
    place = data.draw(st.integers(0, len(rest)))
    names = [item.id for item in moved]
    found = {item.id: item.position for item in rest}
    order = [item.id for item in rest]
    for item_id, position in find_positions(rest, place, names, positions[-1] + 1):
        found[item_id] = position
        assert sorted(order, key=found.__getitem__) == order
    wanted = order[:place] + names + order[place:]
    assert sorted(found, key=found.__getitem__) == wanted
    assert len(set(found.values())) == len(wanted)


def _place(index: int, position: int) -> Item:
    item = make_item(HandClock(), _ADA, "ds_" + "a" * 16, index)
    return item.model_copy(update={"position": position})


async def test_an_overview_counts_the_pictures_and_shows_the_first(yard: Yard) -> None:
    mira, ben = await yard.meet(), await yard.meet("ben")
    dataset = await yard.studio.datasets.get(mira, await yard.fill(mira, 3))
    first, _, last = await list_ids(yard, dataset.id)
    seen = await yard.studio.overviews.describe(mira, dataset)
    assert (seen.items, seen.cover, seen.own) == (3, first, True)
    await yard.studio.arrangement.move(mira, dataset.id, [last], first)
    await yard.studio.datasets.remove_item(mira, dataset.id, first)
    seen = await yard.studio.overviews.describe(ben, dataset)
    assert (seen.items, seen.cover, seen.own) == (2, last, False)
    empty = await yard.studio.datasets.create(mira, "empty")
    seen = await yard.studio.overviews.describe(mira, empty)
    assert (seen.items, seen.cover) == (0, None)
