"""The contract of Blobs, over every adapter."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.files import FileBlobs
from core.errors import AlreadyExistsError, NotFoundError, StorageFullError
from core.ports import Blobs


@pytest.fixture(params=["files"])
async def blobs(tmp_path: Path) -> Blobs:
    store = FileBlobs(tmp_path)
    await store.open()
    return store


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read_all(blobs: Blobs, key: str, start: int = 0) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(key, start=start)])


async def test_bytes_come_back_with_their_description(blobs: Blobs) -> None:
    info = await blobs.put("a/b/c.bin", stream(b"one", b"two"), content_type="text/plain")
    assert await read_all(blobs, "a/b/c.bin") == b"onetwo"
    assert await read_all(blobs, "a/b/c.bin", start=4) == b"wo"
    assert info == await blobs.info("a/b/c.bin")
    assert info.bytes == 6
    assert info.sha256 == hashlib.sha256(b"onetwo").hexdigest()


async def test_a_stream_that_breaks_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put("a/broken", broken(), content_type="text/plain")
    with pytest.raises(NotFoundError):
        await blobs.info("a/broken")
    with pytest.raises(NotFoundError):
        await read_all(blobs, "a/broken")
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []


async def test_of_twenty_first_writers_one_wins(blobs: Blobs) -> None:
    puts = (
        blobs.put("a/x", stream(b"%d" % n), content_type="text/plain", if_absent=True)
        for n in range(20)
    )
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert sum(isinstance(result, AlreadyExistsError) for result in results) == 19
    winner = next(n for n, result in enumerate(results) if not isinstance(result, Exception))
    assert await read_all(blobs, "a/x") == b"%d" % winner


async def test_keys_are_listed_in_order_and_deleted_twice(blobs: Blobs) -> None:
    for key in ("j/2/b", "j/1/a", "j/2/a", "k/1"):
        await blobs.put(key, stream(b""), content_type="text/plain")
    assert [key async for key in blobs.list("j/")] == ["j/1/a", "j/2/a", "j/2/b"]
    assert [key async for key in blobs.list("j/2")] == ["j/2/a", "j/2/b"]
    await blobs.delete("j/2/a")
    await blobs.delete("j/2/a")
    assert [key async for key in blobs.list("j/2/")] == ["j/2/b"]


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a//b", "a/.b", "", "a/b\n", "ü", "a/../b"])
async def test_a_key_that_could_leave_the_store_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(ValueError, match="not a blob key"):
        await blobs.put(key, stream(b"x"), content_type="text/plain")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
async def test_a_full_disk_keeps_nothing(tmp_path: Path) -> None:
    store = FileBlobs(tmp_path)
    await store.open()

    async def too_much() -> AsyncIterator[bytes]:
        import resource

        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
        try:
            for _ in range(4):
                yield b"x" * 500_000
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with pytest.raises(StorageFullError):
        await store.put("a/x", too_much(), content_type="text/plain")
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []
