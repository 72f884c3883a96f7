"""Addresses that people fetch blobs from: as a file of a name, for some minutes, and of nothing else."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp

from adapters.s3.blobs import S3Blobs
from tests.stores import make_bucket


async def stream(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


async def test_whoever_has_an_address_saves_the_blob_as_a_file(s3_url: str) -> None:
    options = await make_bucket(s3_url)
    async with (
        S3Blobs(replace(options, download_url=s3_url)) as blobs,
        aiohttp.ClientSession() as session,
    ):
        await blobs.put("a/x", stream(b"bytes"), content_type="text/html")
        address = await blobs.find_address("a/x", content_type="image/png", save_as="é b.png")
        assert address is not None
        assert address.startswith(f"{s3_url}/{options.bucket}/a/x?")
        assert "X-Amz-Expires=300" in address and options.secret_key not in address.split("&")
        async with session.get(address) as answer:
            assert (answer.status, await answer.read()) == (200, b"bytes")
            assert answer.content_type == "image/png"
            assert answer.content_disposition is not None
            assert answer.content_disposition.type == "attachment"
            assert "%C3%A9%20b.png" in answer.headers["Content-Disposition"]
        async with session.get(address, headers={"Range": "bytes=2-"}) as answer:
            assert (answer.status, await answer.read()) == (206, b"tes")


async def test_a_store_that_people_do_not_reach_gives_no_address(s3_url: str) -> None:
    async with S3Blobs(await make_bucket(s3_url)) as blobs:
        assert await blobs.find_address("a/x", content_type="image/png", save_as="x") is None
