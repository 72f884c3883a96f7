"""Blobs on S3 when the network and the store fail: whole or absent, and said truly."""

import asyncio
import gc
import hashlib
import random
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from botocore import exceptions as driver

from adapters.s3.blobs import S3Blobs
from adapters.s3.connection import S3Options, make_client
from adapters.s3.errors import DRIVER_ERRORS, translate
from core.errors import (
    AlreadyExistsError,
    DamagedError,
    NotFoundError,
    StorageFullError,
    TooLargeError,
    TrainyardError,
    UnavailableError,
)
from tests.s3_proxy import Faults, open_proxy
from tests.stores import make_bucket

MB = 1_000_000


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def options(s3_url: str, faults: Faults) -> AsyncIterator[S3Options]:
    """A bucket behind a proxy that fails as a test says."""
    made = await make_bucket(s3_url)
    async with open_proxy(s3_url, faults) as url:
        yield replace(made, endpoint_url=url)


@pytest.fixture
async def blobs(options: S3Options) -> AsyncIterator[S3Blobs]:
    async with S3Blobs(options) as opened:
        yield opened


async def stream(body: bytes, piece: int = MB) -> AsyncIterator[bytes]:
    for start in range(0, len(body), piece):
        yield body[start : start + piece]


async def count_unfinished(options: S3Options) -> int:
    async with make_client(options) as client:
        found = await client.list_multipart_uploads(Bucket=options.bucket)
        return len(found.get("Uploads", ()))


async def test_with_three_of_ten_requests_failing_each_blob_is_whole_and_once(
    blobs: S3Blobs, faults: Faults
) -> None:
    faults.error_rate, faults.lost_rate, faults.cut_rate = 0.2, 0.1, 0.3
    bodies = {f"a/{n}": random.Random(n).randbytes(2000 + n) for n in range(40)}

    async def put(key: str) -> bool:
        info = await blobs.put(key, stream(bodies[key]), content_type="a/b", if_absent=True)
        return info.sha256 == hashlib.sha256(bodies[key]).hexdigest()

    assert all(await asyncio.gather(*map(put, bodies)))
    with pytest.raises(AlreadyExistsError):
        await put("a/7")
    assert sorted(bodies) == [key async for key in blobs.list("a/")]
    for key, body in bodies.items():
        assert b"".join([chunk async for chunk in blobs.read(key)]) == body
    assert min(faults.seen[kind] for kind in ("errors", "lost", "cut")) > 5


async def test_a_large_upload_survives_lost_answers(blobs: S3Blobs, faults: Faults) -> None:
    faults.lost_rate = 0.4
    body = random.Random(1).randbytes(30 * MB)
    info = await blobs.put("a/b", stream(body), content_type="a/b", if_absent=True)
    faults.lost_rate = 0
    assert info == await blobs.info("a/b")
    assert b"".join([chunk async for chunk in blobs.read("a/b")]) == body
    assert faults.most_bytes <= 8 * 1024**2
    assert faults.seen["lost"] > 0


async def test_an_upload_that_fails_or_is_left_gives_its_parts_up(
    blobs: S3Blobs, options: S3Options, faults: Faults
) -> None:
    body = random.Random(1).randbytes(30 * MB)
    faults.refuse = "partNumber=3"
    with pytest.raises(UnavailableError, match="refuses"):
        await blobs.put("a/b", stream(body), content_type="a/b")
    faults.refused.clear()
    faults.refuse = "partNumber=2"
    putting = asyncio.create_task(blobs.put("a/b", stream(body), content_type="a/b"))
    await faults.refused.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    with pytest.raises(NotFoundError):
        await blobs.info("a/b")
    assert await count_unfinished(options) == 0


async def test_a_body_is_never_held_as_a_whole(s3_url: str) -> None:
    """100 MB each way; the server is another process, and the proxy is left out."""

    async def pieces() -> AsyncIterator[bytes]:
        for n in range(100):
            yield bytes([n]) * MB

    count = 0
    async with S3Blobs(await make_bucket(s3_url)) as blobs:
        gc.collect()
        tracemalloc.start()
        try:
            await blobs.put("a/b", pieces(), content_type="a/b")
            async for chunk in blobs.read("a/b"):
                count += len(chunk)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert count == 100 * MB
    assert peak < 60 * MB


async def test_a_download_that_is_always_cut_at_once_is_reported(
    blobs: S3Blobs, faults: Faults
) -> None:
    await blobs.put("a/b", stream(bytes(5000)), content_type="a/b")
    faults.cut_rate, faults.cuts_at_once = 1, True
    with pytest.raises(UnavailableError, match="to its end"):
        [chunk async for chunk in blobs.read("a/b")]
    assert faults.seen["cut"] >= 5


async def test_a_blob_that_is_replaced_in_the_middle_of_a_cut_download_is_not_mixed(
    blobs: S3Blobs, faults: Faults
) -> None:
    await blobs.put("a/b", stream(bytes(200_000)), content_type="a/b")
    faults.cut_rate = 1
    reading = blobs.read("a/b")
    await anext(reading)
    faults.cut_rate = 0
    await blobs.put("a/b", stream(b"x" * 200_000), content_type="a/b")
    with pytest.raises(UnavailableError, match="replaced"):
        [chunk async for chunk in reading]


async def test_encryption_and_type_are_asked_for(options: S3Options) -> None:
    wanted = replace(options, encryption="aws:kms", kms_key="key-1")
    async with S3Blobs(wanted) as blobs, make_client(options) as client:
        for key, body in (("a/small", b"x"), ("a/large", bytes(9 * MB))):
            await blobs.put(key, stream(body), content_type="image/png")
            found = await client.head_object(Bucket=options.bucket, Key=key)
            assert found["ServerSideEncryption"] == "aws:kms"
            assert found["SSEKMSKeyId"].endswith("key-1")
            assert found["ContentType"] == "image/png"


async def test_what_others_put_there_is_no_blob_of_ours(blobs: S3Blobs, options: S3Options) -> None:
    async with make_client(options) as client:
        await client.put_object(Bucket=options.bucket, Key="a/b", Body=b"x")
    with pytest.raises(DamagedError):
        await blobs.info("a/b")


async def test_a_place_that_cannot_be_used_says_what_to_do(options: S3Options) -> None:
    for changed, words in (
        (replace(options, bucket="nobody-has-this"), "no S3 bucket nobody-has-this"),
        (replace(options, endpoint_url="nonsense"), "TRAINYARD_S3_ENDPOINT_URL"),
    ):
        with pytest.raises(UnavailableError, match=words):
            await S3Blobs(changed).__aenter__()


def list_below(kind: type[Exception]) -> list[type[Exception]]:
    return [kind, *(found for below in kind.__subclasses__() for found in list_below(below))]


@pytest.mark.parametrize("kind", list_below(driver.BotoCoreError))
def test_every_error_of_the_client_becomes_one_of_ours(kind: type[Exception]) -> None:
    assert isinstance(translate(kind.__new__(kind), "a/b"), TrainyardError)
    assert issubclass(kind, DRIVER_ERRORS)


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, NotFoundError),
        ("XMinioStorageFull", 507, StorageFullError),
        ("EntityTooLarge", 400, TooLargeError),
        ("AccessDenied", 403, UnavailableError),
        ("NoSuchBucket", 404, UnavailableError),
        ("NotImplemented", 501, UnavailableError),
        ("RequestTimeTooSkewed", 403, UnavailableError),
        ("Anything", 418, UnavailableError),
    ],
)
def test_answers_are_sorted_by_what_to_do_next(
    code: str, status: int, expected: type[Exception]
) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert type(translate(driver.ClientError(answer, "PutObject"), "a/b")) is expected
