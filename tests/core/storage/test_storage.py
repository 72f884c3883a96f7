"""Storage one case at a time: the known leak, strays and their grace, the instance's own quota, retention."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import StorageFullError, TooLargeError
from core.generations.wishes import GenerationWishes
from core.jobs.records import Kind, Picture, StoredFile
from core.notifications.records import NewsKind
from core.storage.records import StorageRules
from core.studio import Studio
from tests.core.yard import FAMILIES, Yard, once, read_offerings

BYTES = 10


def reopen(yard: Yard, rules: StorageRules, free_bytes: int | None = None) -> Studio:
    """Open the studio again with these rules."""
    ports = replace(yard.ports, find_free_bytes=lambda: free_bytes)
    return Studio(ports, read_offerings(), storage=rules)


async def test_quota_that_a_killed_server_reserved_for_nothing_is_found_and_given_back(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    dataset = (await yard.studio.datasets.create(mira, "flags")).id
    await yard.put_item(mira, dataset, 1)
    await yard.studio.accounts.reserve_storage(mira.account, 7_000)  # and it was killed
    storage = yard.studio.operations.storage
    assert (await storage.report()).drifts == ()  # an upload may be under way
    yard.clock.pass_s(3600)
    (drift,) = (await storage.report()).drifts
    assert (drift.reserved_bytes, drift.accounted_bytes) == (7_000 + BYTES, BYTES)
    assert (await storage.report(repair=True)).repaired == 1
    assert (await yard.studio.accounts.get(mira)).storage_bytes == BYTES
    assert (await storage.report()).is_sound


async def test_a_repair_never_takes_what_is_reserved_meanwhile(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.studio.accounts.reserve_storage(mira.account, 500)
    yard.clock.pass_s(3600)
    accounting = yard.studio.operations.storage.accounting
    ((account, drift),) = await accounting.find_drifts()
    await yard.studio.accounts.reserve_storage(mira.account, 40)
    assert not await accounting.repair(account, drift)
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 540


async def test_a_stray_is_kept_for_its_grace_and_then_deleted(yard: Yard) -> None:
    key = "datasets/ds_x/it_y/image"
    await yard.blobs.put(key, once(b"x"), content_type="image/png")
    storage = yard.studio.operations.storage
    first = await storage.report()
    assert (first.strays, first.stray_keys, first.deleted) == (1, (key,), 0)
    yard.clock.pass_s(23 * 3600)
    assert (await storage.report()).deleted == 0
    yard.clock.pass_s(2 * 3600)
    assert (await storage.report()).deleted == 1
    assert (await storage.report()).blobs == 0


async def test_a_place_that_is_not_known_is_left_alone(yard: Yard) -> None:
    await yard.blobs.put("elsewhere/thing", once(b"x"), content_type="image/png")
    storage = yard.studio.operations.storage
    for _ in range(3):
        report = await storage.report()
        yard.clock.pass_s(48 * 3600)
    assert report.unknown_keys == ("elsewhere/thing",) and report.blobs == 1 and report.is_sound


async def test_a_row_whose_blob_is_gone_is_named(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = (await yard.studio.datasets.create(mira, "flags")).id
    item = await yard.put_item(mira, dataset, 1)
    await yard.blobs.delete(item.thumbnail_key)
    report = await yard.studio.operations.storage.report()
    assert report.missing == (f"item {item.id} of {dataset}: {item.thumbnail_key}",)
    assert not report.is_sound


async def test_an_instance_that_is_full_refuses_before_a_byte_is_kept(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    studio = reopen(yard, StorageRules(quota_bytes=100))
    await studio.accounts.reserve_storage(mira.account, 60)
    with pytest.raises(StorageFullError, match="storage is full, so nothing was saved"):
        await studio.accounts.reserve_storage(ben.account, 50)
    await studio.accounts.reserve_storage(ben.account, 40)
    await studio.accounts.reserve_storage(mira.account, -60)
    yard.clock.pass_s(60)
    await studio.accounts.reserve_storage(ben.account, 60)


async def test_what_one_is_refused_or_gives_back_takes_no_room_from_others(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    studio = reopen(yard, StorageRules(quota_bytes=100))
    account = await studio.accounts.get(mira)
    small = account.quotas.model_copy(update={"max_storage_bytes": 50})
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), quotas=small))
    for _ in range(3):
        with pytest.raises(TooLargeError, match="Your storage"):
            await studio.accounts.reserve_storage(mira.account, 90)
        await studio.accounts.reserve_storage(mira.account, 50)
        await studio.accounts.reserve_storage(mira.account, -50)
    await studio.accounts.reserve_storage(ben.account, 100)
    with pytest.raises(StorageFullError):
        await studio.accounts.reserve_storage(mira.account, 1)


async def test_a_disk_that_is_nearly_full_refuses_too(yard: Yard) -> None:
    mira = await yard.meet()
    studio = reopen(yard, StorageRules(keep_free_bytes=1000), free_bytes=1050)
    await studio.accounts.reserve_storage(mira.account, 50)
    with pytest.raises(StorageFullError):
        await studio.accounts.reserve_storage(mira.account, 51)
    await studio.accounts.reserve_storage(mira.account, -50)


async def draw(yard: Yard) -> str:
    """Take a generation to its end, with one picture of ten bytes; return its id."""
    mira = await yard.meet()
    wishes = GenerationWishes(prompt="a flag", base_model="tiny-sd", params={"count": 1})
    job = await yard.studio.generations.submit(mira, wishes, "draw")
    held = await yard.studio.leases.claim("worker", FAMILIES, frozenset({Kind.GENERATE}))
    assert held is not None
    held = await yard.studio.leases.start_running(held)
    key = f"jobs/{job.id}/a{held.token}/0.png"
    info = await yard.blobs.put(key, once(b"x" * BYTES), content_type="image/png")
    file = StoredFile(name="0.png", **info.model_dump())
    held = await yard.studio.leases.add_picture(held, Picture(index=0, seed=1, file=file))
    await yard.studio.accounts.count_storage(mira.account, BYTES)
    await yard.finish(held)
    return job.id


async def test_pictures_count_and_are_deleted_when_they_are_older_than_the_rule(yard: Yard) -> None:
    job = await draw(yard)
    mira = await yard.meet(points=0)
    studio = reopen(yard, StorageRules(picture_days=30))
    yard.clock.pass_s(29 * 86400)
    await studio.operations.storage.sweep()
    assert (await studio.accounts.get(mira)).storage_bytes == BYTES
    assert len((await yard.stores.jobs.get(job)).pictures) == 1
    yard.clock.pass_s(2 * 86400)
    await studio.operations.storage.sweep()
    assert (await studio.accounts.get(mira)).storage_bytes == 0
    assert (await yard.stores.jobs.get(job)).pictures == ()
    assert [key async for key in yard.blobs.list("jobs/")] == []
    await yard.check()


async def test_whoever_has_no_room_left_is_refused_before_anything_is_charged(yard: Yard) -> None:
    mira = await yard.meet()
    account = await yard.studio.accounts.get(mira)
    await yard.studio.accounts.count_storage(mira.account, account.quotas.max_storage_bytes)
    wishes = GenerationWishes(prompt="a flag", base_model="tiny-sd", params={"count": 1})
    with pytest.raises(TooLargeError, match="is full; delete what you no longer need"):
        await yard.studio.generations.submit(mira, wishes, "draw")
    assert await yard.studio.points.get_balance(mira.account) == 1000


async def test_news_that_was_read_long_ago_is_forgotten_and_unread_news_is_not(yard: Yard) -> None:
    mira = await yard.meet()
    for key in ("one", "two"):
        await yard.studio.notifications.tell(mira.account, key, NewsKind.SIGNED_IN, {})
    (one, *_) = await yard.stores.notifications.find({"account": mira.account})
    await yard.stores.notifications.replace(one.changed(yard.clock.now(), read_at=yard.clock.now()))
    studio = reopen(yard, StorageRules(news_days=10))
    yard.clock.pass_s(timedelta(days=11).total_seconds())
    await studio.operations.storage.sweep()
    left = await yard.stores.notifications.find({"account": mira.account})
    assert len(left) == 1 and left[0].id != one.id
