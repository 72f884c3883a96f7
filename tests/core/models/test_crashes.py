"""Publishing that dies at any of its writes."""

import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from core.accounts.records import Principal
from core.models.names import list_names
from core.models.records import TrainedModel
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.models.people import resolve, slugs, train_model
from tests.core.yard import Yard, open_yard


async def change_often(yard: Yard, owner: Principal, model: TrainedModel) -> None:
    publishing = yard.studio.publishing
    await publishing.publish(owner, model.id, trigger_words=["tankard"])
    await publishing.change_triggers(owner, model.id, ["flagon", "beaker"])
    await publishing.withdraw(owner, model.id)


async def check_whole(
    yard: Yard, owner: Principal, model: TrainedModel, ben: Principal, other: TrainedModel
) -> None:
    """Assert that a model has what it says, and that another may have every other word."""
    assert await yard.stores.models.count({"needs_noting": True}) == 0
    left = await yard.studio.models.get(owner, model.id)
    held = await yard.stores.model_names.find({"model": model.id})
    assert set(list_names(left)) <= {(claim.space, claim.key) for claim in held}
    words = ["tankard", "flagon", "beaker"]
    taken = set(list_names(left).values()) if left.is_public else set()
    free = [word for word in words if word not in taken]
    stranger = await yard.meet("stranger", 0)
    for word in taken & set(words):
        assert slugs(await resolve(yard, stranger, word)) == [left.slug]
    if free:
        await yard.studio.publishing.publish(ben, other.id, trigger_words=free)
    for word in words:
        expected = other.slug if word in free else left.slug
        assert slugs(await resolve(yard, stranger, word)) == [expected]


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
async def test_a_crash_at_any_write_of_a_publication_leaves_nothing_half_published(
    folder: Path, stores_first: bool
) -> None:
    for write in itertools.count(1):
        clock, fuse = HandClock(), Fuse()
        async with open_yard(folder / str(write), clock) as elsewhere:
            async with open_yard(folder / str(write), clock, with_fuse(fuse)) as yard:
                mira, ben = await yard.meet("mira"), await yard.meet("ben")
                model, other = [await train_model(yard, p, "flagon") for p in (mira, ben)]
                await resolve(elsewhere, ben, "warm")
                fuse.arm(write, stores_first=stores_first)
                with suppress(CrashError):
                    await change_often(yard, mira, model)
                was_blown = fuse.is_blown
            await elsewhere.sweep_later()
            await check_whole(elsewhere, mira, model, ben, other)
        if not was_blown:
            break
    assert write > 10, "publishing wrote too little for this to prove anything"
