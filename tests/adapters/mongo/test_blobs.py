"""GridFS: no file stays without a name, and a connection that is cut leaves a blob whole or not there."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from bson import Int64

from adapters.mongo.blobs import GridFsBlobs
from adapters.mongo.database import MongoDatabase
from core.errors import NotFoundError, UnavailableError
from tests.adapters.mongo.cutter import Cuts, open_cutter
from tests.stores import MONGODB_VARIABLE, name_database


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def count(database: MongoDatabase) -> dict[str, int]:
    names = ("blob_names", "blob_loose", "blobs.files")
    found = {name: database.get_collection(name).find({}, {"_id": 1}) for name in names}
    return {name: len(await cursor.to_list(None)) for name, cursor in found.items()}


async def test_what_was_replaced_or_deleted_leaves_no_file(mongodb: MongoDatabase) -> None:
    blobs = await GridFsBlobs.open(mongodb)
    for body in (b"one", b"two", b"three"):
        await blobs.put("a/x", stream(body), content_type="text/plain")
    await blobs.put("a/y", stream(b"four"), content_type="text/plain")
    await blobs.delete("a/y")
    assert await count(mongodb) == {"blob_names": 1, "blob_loose": 0, "blobs.files": 1}


async def test_what_a_dead_process_left_goes_a_day_later_and_a_named_file_stays(
    mongodb: MongoDatabase,
) -> None:
    blobs = await GridFsBlobs.open(mongodb)
    for key in ("a/named", "a/lost"):
        await blobs.put(key, stream(b"bytes"), content_type="text/plain")
    loose, names = mongodb.get_collection("blob_loose"), mongodb.get_collection("blob_names")
    for found in await names.find({}).to_list(None):
        await loose.insert_one({"_id": found["file"], "key": found["_id"], "since_s": Int64(0)})
    await names.delete_one({"_id": "a/lost"})
    blobs = await GridFsBlobs.open(mongodb)
    assert await count(mongodb) == {"blob_names": 1, "blob_loose": 0, "blobs.files": 1}
    assert b"".join([chunk async for chunk in blobs.read("a/named")]) == b"bytes"


async def test_whoever_is_cancelled_leaves_a_whole_blob_or_none(mongodb: MongoDatabase) -> None:
    blobs = await GridFsBlobs.open(mongodb)
    for n in range(12):
        key = f"a/{n}"
        putting = asyncio.create_task(blobs.put(key, stream(b"bytes"), content_type="text/plain"))
        await asyncio.wait([putting], timeout=n * 0.004)
        putting.cancel()
        await asyncio.wait([putting])
        with contextlib.suppress(NotFoundError):
            assert b"".join([chunk async for chunk in blobs.read(key)]) == b"bytes"
    kept = await count(mongodb)  # what is noted as loose has no file, or goes a day later
    assert kept["blobs.files"] == kept["blob_names"]


@pytest.mark.parametrize("kind", ["unsent", "unanswered"])
async def test_a_name_whose_connection_was_cut_points_to_a_whole_file(
    mongodb_url: str, kind: str
) -> None:
    if "127.0.0.1" not in mongodb_url:
        pytest.skip(f"{MONGODB_VARIABLE} is not on this machine")
    cuts = Cuts()
    async with open_cutter(urlsplit(mongodb_url).port or 27017, cuts) as proxy:
        url = f"mongodb://127.0.0.1:{proxy}/?directConnection=true&retryWrites=false"
        with name_database(mongodb_url) as name:
            async with MongoDatabase(url, name) as database:
                blobs = await GridFsBlobs.open(database)
                cuts.word = b"\x02insert\x00"
                setattr(cuts, kind, 3)
                try:
                    stored = await blobs.put("a/x", stream(b"bytes"), content_type="text/plain")
                except UnavailableError:
                    with pytest.raises(NotFoundError):
                        await blobs.info("a/x")
                else:
                    assert stored == await blobs.info("a/x")
                assert cuts.made > 0
