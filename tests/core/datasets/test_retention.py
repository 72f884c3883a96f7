"""Bytes live while a dataset shows them or a job needs them, and are gone afterwards."""

import asyncio

import pytest

from core.accounts.records import Principal
from core.datasets import retention
from core.datasets.records import ItemState
from core.datasets.retention import GRACE
from core.errors import NotFoundError, RefusedError, TooLargeError
from core.jobs.leases import LEASE_S
from core.jobs.records import Status
from tests.core.yard import Yard, make_item

LONG_S = GRACE.total_seconds() + 1


async def fill_with_bytes(yard: Yard, principal: Principal, images: int) -> str:
    dataset = await yard.studio.datasets.create(principal, "flags")
    for index in range(images):
        await yard.put_item(principal, dataset.id, index)
    return dataset.id


async def count_blobs(yard: Yard) -> int:
    return len([key async for key in yard.blobs.list("")])


async def test_a_dataset_that_trains_can_be_deleted_and_its_bytes_outlive_the_job(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 3)
    job = await yard.train(mira, dataset)
    await yard.studio.datasets.delete(mira, dataset)
    for _ in range(12):
        yard.clock.pass_s(LEASE_S - 1)
        await yard.step(job, 10)
        await yard.studio.sweeper.sweep()
    assert await count_blobs(yard) == 6
    snapshot = await yard.studio.snapshots.get(job.snapshot)
    assert [len([c async for c in yard.studio.snapshots.read(i)]) for i in snapshot.items] == [
        1
    ] * 3
    await yard.finish(job)
    await yard.sweep_later()
    assert await count_blobs(yard) == 0
    assert await yard.stores.items.count({}) == 0
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 0
    await yard.check()


async def test_a_removed_item_is_kept_for_its_grace(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 2)
    item = (await yard.studio.datasets.list_active(dataset))[0]
    await yard.studio.datasets.remove_item(mira, dataset, item.id)
    await yard.studio.sweeper.sweep()
    assert await count_blobs(yard) == 4
    yard.clock.pass_s(LONG_S)
    await yard.studio.sweeper.sweep()
    assert await count_blobs(yard) == 2
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 10


async def test_every_live_job_pins_however_many_there_are(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 3)
    job = await yard.submit(mira, dataset)
    item = (await yard.studio.datasets.list_active(dataset))[0]
    await yard.studio.datasets.remove_item(mira, dataset, item.id)
    await yard.put_item(mira, dataset, 9)
    other = await yard.studio.snapshots.take(await yard.stores.datasets.get(dataset))
    copies = (
        job.model_copy(
            update={"id": f"jb_{n:04}", "idempotency_key": f"c{n}", "snapshot": other.id}
        )
        for n in range(1050)
    )
    await yard.stores.jobs.delete(job)
    last = job.model_copy(update={"id": "jb_zzzz"})
    await asyncio.gather(*map(yard.stores.jobs.insert, (*copies, last)))
    yard.clock.pass_s(LONG_S)
    await yard.studio.sweeper.sweep()
    assert (await yard.blobs.info(item.blob_key)).bytes == 5


async def test_pinned_items_do_not_keep_others_from_being_swept(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    mira = await yard.meet()
    pinned = await yard.fill(mira, 40)
    await yard.submit(mira, pinned)
    await yard.studio.datasets.delete(mira, pinned)
    loose = await yard.fill(mira, 40)
    await yard.studio.datasets.delete(mira, loose)
    monkeypatch.setattr(retention, "_PAGE", 10)
    yard.clock.pass_s(LONG_S)
    for _ in range(9):
        await yard.studio.sweeper.sweep()
    assert await yard.stores.items.count({"dataset": loose}) == 0
    assert await yard.stores.items.count({"dataset": pinned}) == 40


async def test_sweepers_at_once_give_the_quota_back_once(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 4)
    keep = await fill_with_bytes(yard, mira, 2)
    await yard.studio.datasets.delete(mira, dataset)
    yard.clock.pass_s(LONG_S)
    await asyncio.gather(*(yard.studio.sweeper.sweep() for _ in range(5)))
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 20
    assert await yard.studio.datasets.count_active(keep) == 2


async def test_a_removal_that_was_cut_short_goes_on(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 1)
    item = (await yard.studio.datasets.list_active(dataset))[0]
    gone = item.changed(yard.clock.now(), state=ItemState.GONE, alive=None)
    await yard.stores.items.replace(gone)  # a process died behind this write
    await yard.studio.sweeper.sweep()
    assert await count_blobs(yard) == 0
    assert await yard.stores.items.count({}) == 0


async def test_what_comes_into_a_deleted_dataset_late_does_not_stay(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 1)
    await yard.studio.datasets.delete(mira, dataset)
    await yard.stores.items.insert(make_item(yard.clock, mira, dataset, 7))  # and its process died
    await yard.sweep_later()
    await yard.sweep_later()
    assert await yard.stores.items.count({}) == 0


async def test_two_snapshots_at_once_are_one(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.stores.datasets.get(await yard.fill(mira))
    taken = await asyncio.gather(*(yard.studio.snapshots.take(dataset) for _ in range(10)))
    assert len({snapshot.id for snapshot in taken}) == 1
    first = (await yard.studio.datasets.list_active(dataset.id))[0]
    await yard.studio.datasets.caption(mira, dataset.id, first.id, "another caption")
    assert (await yard.studio.snapshots.take(dataset)).id != taken[0].id


async def test_a_job_keeps_what_it_was_submitted_with(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 4)
    submits = [yard.submit(mira, dataset, f"k{n}") for n in range(6)]
    item = (await yard.studio.datasets.list_active(dataset))[0]
    removal = yard.studio.datasets.remove_item(mira, dataset, item.id)
    *jobs, _ = await asyncio.gather(*submits, removal)
    for job in jobs:
        assert job is not None and job.status is Status.QUEUED
        assert len((await yard.studio.snapshots.get(job.snapshot)).items) in (3, 4)


async def test_a_removed_item_is_taken_back_while_its_bytes_are_kept(yard: Yard) -> None:
    mira, ben = await yard.meet(), await yard.meet("ben")
    dataset = await fill_with_bytes(yard, mira, 2)
    item = (await yard.studio.datasets.list_active(dataset))[0]
    take_back = yard.studio.intake.take_back
    await yard.studio.datasets.remove_item(mira, dataset, item.id)
    code = await yard.studio.sharing.invite(mira, dataset)
    await yard.studio.sharing.join(ben, code)
    with pytest.raises(RefusedError, match="Only the owner"):
        await take_back(ben, dataset, item.id)
    assert (await take_back(mira, dataset, item.id)).state is ItemState.ACTIVE
    assert (await take_back(mira, dataset, item.id)).id == item.id
    await yard.sweep_later()
    assert await count_blobs(yard) == 4
    await yard.studio.datasets.remove_item(mira, dataset, item.id)
    await yard.sweep_later()
    with pytest.raises(NotFoundError, match="no such image"):
        await take_back(mira, dataset, item.id)


async def test_an_item_that_came_in_anew_or_finds_no_room_is_not_taken_back(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await fill_with_bytes(yard, mira, 1)
    item = (await yard.studio.datasets.list_active(dataset))[0]
    await yard.studio.datasets.remove_item(mira, dataset, item.id)
    again = await yard.put_item(mira, dataset, 0)
    assert again.sha256 == item.sha256
    assert (await yard.studio.intake.take_back(mira, dataset, item.id)).id == again.id
    await yard.studio.datasets.remove_item(mira, dataset, again.id)
    other = await yard.put_item(mira, dataset, 1)
    account = await yard.studio.accounts.get(mira)
    quotas = account.quotas.model_copy(update={"max_items_per_dataset": 1})
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), quotas=quotas))
    with pytest.raises(TooLargeError, match="at most 1 images"):
        await yard.studio.intake.take_back(mira, dataset, again.id)
    assert [i.id for i in await yard.studio.datasets.list_active(dataset)] == [other.id]
