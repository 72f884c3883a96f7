"""Uploads in parts, without a door: who stops is forgotten, and gets everything back."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.datasets.resumable import MIN_CHUNK_BYTES, NewUpload
from core.errors import ConflictError, InvalidError, NotFoundError
from tests.core.yard import Yard

NEW = NewUpload(filename="a.zip", size_bytes=2 * MIN_CHUNK_BYTES, sha256="a" * 64)
HOUR_S = 3600.0


async def once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def test_an_upload_with_which_nobody_goes_on_is_forgotten(yard: Yard) -> None:
    mira = await yard.meet("mira")
    dataset = (await yard.studio.datasets.create(mira, "Flags")).id
    uploads = yard.studio.uploads
    first, second = await asyncio.gather(*(uploads.begin(mira, dataset, NEW) for _ in range(2)))
    assert first == second
    assert (await yard.studio.accounts.get(mira)).storage_bytes == NEW.size_bytes
    await uploads.add(mira, dataset, first.id, 0, once(bytes(MIN_CHUNK_BYTES)))
    yard.clock.pass_s(23 * HOUR_S)
    await uploads.sweep()
    assert (await uploads.get(mira, dataset, first.id)).received_bytes == MIN_CHUNK_BYTES
    yard.clock.pass_s(2 * HOUR_S)
    await asyncio.gather(uploads.sweep(), uploads.sweep())
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 0
    assert [key async for key in yard.blobs.list("uploads/")] == []
    assert await yard.stores.uploads.count({}) == 0


async def test_bytes_that_come_after_the_end_are_not_kept(yard: Yard) -> None:
    mira = await yard.meet("mira")
    dataset = (await yard.studio.datasets.create(mira, "Flags")).id
    uploads = yard.studio.uploads
    upload = await uploads.begin(mira, dataset, NEW)

    async def drop_meanwhile() -> AsyncIterator[bytes]:
        yield bytes(MIN_CHUNK_BYTES)
        await uploads.drop(mira, dataset, upload.id)

    with pytest.raises(ConflictError):
        await uploads.add(mira, dataset, upload.id, 0, drop_meanwhile())
    with pytest.raises(NotFoundError):
        await uploads.get(mira, dataset, upload.id)
    assert [key async for key in yard.blobs.list("uploads/")] == []


async def test_a_caption_that_is_refused_reserves_nothing(yard: Yard) -> None:
    mira = await yard.meet("mira")
    dataset = (await yard.studio.datasets.create(mira, "Flags")).id
    long = NEW.model_copy(update={"caption": "x" * (8 * 1024 + 1)})
    with pytest.raises(InvalidError, match="8 KiB"):
        await yard.studio.uploads.begin(mira, dataset, long)
    assert (await yard.studio.accounts.get(mira)).storage_bytes == 0
