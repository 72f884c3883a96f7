"""The contract of Blobs, over every adapter."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.files import FileBlobs
from adapters.mongo.blobs import GridFsBlobs
from adapters.mongo.database import MongoDatabase
from adapters.s3.blobs import S3Blobs
from core.errors import AlreadyExistsError, NotFoundError, StorageFullError
from core.ports import Blobs
from tests.s3_proxy import Faults, open_proxy
from tests.stores import make_bucket


@pytest.fixture
async def file_blobs(tmp_path: Path) -> Blobs:
    store = FileBlobs(tmp_path)
    await store.open()
    return store


@pytest.fixture
async def s3_blobs(s3_url: str) -> AsyncIterator[Blobs]:
    async with open_proxy(s3_url, Faults()) as url, S3Blobs(await make_bucket(url)) as store:
        yield store


@pytest.fixture
async def faulty_s3_blobs(s3_url: str) -> AsyncIterator[Blobs]:
    """S3 behind a network that loses three of ten requests or answers, and cuts half of the downloads."""
    options = await make_bucket(s3_url)
    faults = Faults(error_rate=0.2, lost_rate=0.1, cut_rate=0.5, pause_s=0.001)
    async with (
        open_proxy(s3_url, faults) as url,
        S3Blobs(replace(options, endpoint_url=url)) as store,
    ):
        yield store


@pytest.fixture
async def gridfs_blobs(mongodb: MongoDatabase) -> Blobs:
    return await GridFsBlobs.open(mongodb)


@pytest.fixture(params=["file_blobs", "gridfs_blobs", "s3_blobs", "faulty_s3_blobs"])
def blobs(request: pytest.FixtureRequest) -> Blobs:
    store: Blobs = request.getfixturevalue(request.param)
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
    assert [key async for key in blobs.list("")] == []
    assert [name for _, _, names in os.walk(tmp_path) for name in names] == []


async def test_what_is_behind_the_end_is_nothing(blobs: Blobs) -> None:
    await blobs.put("a/x", stream(b"12345"), content_type="text/plain")
    await blobs.put("a/empty", stream(), content_type="text/plain")
    assert [await read_all(blobs, "a/x", start) for start in (5, 6)] == [b"", b""]
    assert await read_all(blobs, "a/empty") == b""


async def test_a_large_body_comes_back_exactly(blobs: Blobs) -> None:
    pieces = [random.Random(n).randbytes(1_000_003) for n in range(20)]
    info = await blobs.put("a/large", stream(*pieces), content_type="text/plain", if_absent=True)
    whole = b"".join(pieces)
    assert (info.bytes, info.sha256) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert info == await blobs.info("a/large")
    assert await read_all(blobs, "a/large") == whole
    assert await read_all(blobs, "a/large", start=12_345_678) == whole[12_345_678:]
    with pytest.raises(AlreadyExistsError):
        await blobs.put("a/large", stream(*pieces), content_type="text/plain", if_absent=True)
    assert info == await blobs.info("a/large")


async def test_without_a_condition_the_last_body_stays(blobs: Blobs) -> None:
    for body in (b"first", b"second"):
        await blobs.put("a/x", stream(body), content_type=f"text/{len(body)}")
    assert await read_all(blobs, "a/x") == b"second"
    assert (await blobs.info("a/x")).content_type == "text/6"


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
