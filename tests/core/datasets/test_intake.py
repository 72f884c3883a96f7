"""Intake: kept once, within caps and quota, and nothing left over however it fails."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image

from core.accounts.records import Principal
from core.datasets.intake import NewImage, read_capped
from core.datasets.records import Item, ItemState
from core.errors import (
    InvalidError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
    UnreadableImageError,
)
from core.ports import BlobInfo
from tests.clock import HandClock
from tests.core.crashing import Interrupter, with_interrupter
from tests.core.yard import Yard, once, open_yard


def draw(shade: int) -> bytes:
    """Draw a small picture of its own."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), (shade, 255 - shade, 90)).save(buffer, "PNG")
    return buffer.getvalue()


async def add(yard: Yard, mira: Principal, dataset: str, shade: int) -> tuple[Item, bool]:
    return await yard.studio.intake.add_image(mira, dataset, once(draw(shade)), NewImage())


async def set_quotas(yard: Yard, principal: Principal, **limits: int) -> None:
    account = await yard.stores.accounts.get(principal.account)
    quotas = account.quotas.model_copy(update=limits)
    await yard.stores.accounts.replace(account.changed(yard.clock.now(), quotas=quotas))


async def check_nothing_is_left(yard: Yard, principal: Principal) -> None:
    """Assert that every byte on disk and every reserved byte belongs to an item."""
    await yard.sweep_later()
    items = await yard.stores.items.find({})
    assert {item.state for item in items} <= {ItemState.ACTIVE}
    kept = {key for item in items for key in (item.blob_key, item.thumbnail_key)}
    assert {key async for key in yard.blobs.list("")} == kept
    account = await yard.studio.accounts.get(principal)
    assert account.storage_bytes == sum(item.bytes for item in items)


async def test_the_same_bytes_are_the_same_item(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    first, is_new = await add(yard, mira, dataset, 1)
    again, is_new_again = await add(yard, mira, dataset, 1)
    assert (is_new, is_new_again, again.id) == (True, False, first.id)
    racing = await asyncio.gather(*(add(yard, mira, dataset, 2) for _ in range(6)))
    assert len({item.id for item, _ in racing}) == 1
    assert sum(is_new for _, is_new in racing) == 1
    await check_nothing_is_left(yard, mira)


async def test_a_dataset_never_holds_more_than_its_cap(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    await set_quotas(yard, mira, max_items_per_dataset=3)
    results = await asyncio.gather(
        *(add(yard, mira, dataset, shade) for shade in range(10)), return_exceptions=True
    )
    assert 1 <= await yard.studio.datasets.count_active(dataset) <= 3
    refused = [result for result in results if isinstance(result, TooLargeError)]
    assert len(refused) >= 7
    assert refused[0].message == "A dataset holds at most 3 images; remove some first."
    await check_nothing_is_left(yard, mira)


async def test_a_spent_quota_is_refused_and_stays_exact(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    item, _ = await add(yard, mira, dataset, 1)
    await set_quotas(yard, mira, max_storage_bytes=item.bytes * 5 // 2)
    await asyncio.gather(
        *(add(yard, mira, dataset, shade) for shade in range(2, 9)), return_exceptions=True
    )
    assert await yard.studio.datasets.count_active(dataset) == 2
    with pytest.raises(TooLargeError, match="storage"):
        await add(yard, mira, dataset, 20)
    await check_nothing_is_left(yard, mira)


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"", InvalidError), (b"GIF89a", UnreadableImageError), (draw(1)[:60], UnreadableImageError)],
)
async def test_bytes_that_are_no_picture_leave_nothing(
    yard: Yard, body: bytes, error: type[Exception]
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    with pytest.raises(error):
        await yard.studio.intake.add_image(mira, dataset, once(body), NewImage())
    await check_nothing_is_left(yard, mira)


async def test_an_endless_stream_is_cut_off() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    with pytest.raises(TooLargeError, match="larger than"):
        await read_capped(endless(), 10_000)


class BreakingBlobs:
    """The yard's blobs; the second put meets a full disk."""

    def __init__(self, yard: Yard) -> None:
        self._blobs = yard.blobs
        self.puts = 0

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        self.puts += 1
        if self.puts == 2:
            raise StorageFullError("The disk is full.")
        return await self._blobs.put(key, body, content_type=content_type, if_absent=if_absent)

    async def delete(self, key: str) -> None:
        await self._blobs.delete(key)


async def test_a_full_disk_gives_the_quota_back(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    yard.studio.intake._blobs = BreakingBlobs(yard)  # type: ignore[assignment]  # all it uses
    with pytest.raises(StorageFullError):
        await add(yard, mira, dataset, 1)
    await check_nothing_is_left(yard, mira)


@pytest.mark.parametrize("between", [0, 1, 2])
async def test_an_upload_cancelled_at_any_moment_leaves_nothing(folder: Path, between: int) -> None:
    interrupter = Interrupter()
    async with open_yard(folder, HandClock(), with_interrupter(interrupter)) as yard:
        mira = await yard.meet()
        dataset = await yard.fill(mira, 0)
        for moment in range(1, 30):
            task: asyncio.Task[object] = asyncio.ensure_future(add(yard, mira, dataset, moment))
            interrupter.watch(task, moment, moment + between)  # again while it cleans up
            await asyncio.wait([task])
            if interrupter.seen < moment:
                break
        assert 5 < moment < 29, "every operation was met"
        for item in await yard.studio.datasets.list_active(dataset):
            assert (await yard.blobs.info(item.blob_key)).bytes > 0
        await check_nothing_is_left(yard, mira)


async def test_nothing_stays_alive_in_a_dataset_deleted_meanwhile(yard: Yard) -> None:
    mira = await yard.meet()
    for round_ in range(8):
        dataset = await yard.fill(mira, 0)

        async def delete(dataset: str = dataset, delay: int = round_) -> None:
            await asyncio.sleep(delay * 0.004)
            await yard.studio.datasets.delete(mira, dataset)

        uploads = (add(yard, mira, dataset, shade) for shade in range(8))
        results = await asyncio.gather(*uploads, delete(), return_exceptions=True)
        failures = [result for result in results if isinstance(result, Exception)]
        assert all(isinstance(failure, NotFoundError) for failure in failures)
        assert await yard.studio.datasets.count_active(dataset) == 0
    await check_nothing_is_left(yard, mira)


async def test_the_sweep_does_not_meet_a_picture_that_is_just_being_kept(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    uploads = [add(yard, mira, dataset, shade) for shade in range(6)]
    await asyncio.gather(*uploads, *(yard.studio.sweeper.sweep() for _ in range(3)))
    assert await yard.studio.datasets.count_active(dataset) == 6
    await check_nothing_is_left(yard, mira)
