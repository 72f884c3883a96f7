"""Records on MongoDB and blobs on S3 against the bare drivers, on the same servers in turns."""

import asyncio
import time
import warnings
from collections.abc import AsyncIterator
from io import BytesIO
from statistics import median
from typing import Any

from bson import Int64
from motor.motor_asyncio import AsyncIOMotorCollection

from adapters.mongo.documents import MongoDocuments
from adapters.mongo.indexes import list_indexes
from adapters.s3.blobs import S3Blobs
from adapters.s3.connection import make_client
from core.points.records import Entry, EntryKind, Leg
from core.records import new_id
from tests.bench.figures import Effort, Reading
from tests.bench.turns import compare
from tests.clock import HandClock
from tests.stores import make_bucket, name_mongodb, open_mongodb, run_mongodb, run_s3

_SMALL_BYTES = 200_000
_LARGE_BYTES = 24_000_000
_SMALL_BLOBS = 10
_CHUNK_BYTES = 256 * 1024


async def measure_documents(effort: Effort) -> dict[str, Reading]:
    """Insert, read and change records one after another, by our adapter and by motor alone."""
    ours_s, bare_s = list[float](), list[float]()
    with run_mongodb() as url:
        async with open_mongodb(url) as database:
            entries = await MongoDocuments.open(database, Entry)
            bare = database.get_collection("bare")
            await bare.create_indexes([index.make_model() for index in list_indexes(Entry)])
            for turn in range(effort.store_turns + 1):
                records = [_make_entry(turn, n) for n in range(effort.store_turn_records)]
                ours_s.append(await _use_ours(entries, records) / len(records))
                raw = database.get_collection(Entry.collection)
                documents = [await raw.find_one({"_id": record.id}) for record in records]
                bare_s.append(await _use_bare(bare, documents) / len(records))
    ratio, spread = compare(ours_s[1:], bare_s[1:])
    server = name_mongodb().partition(",")[0]
    note = (
        f"{median(ours_s) * 1000:.2f} against {median(bare_s) * 1000:.2f} ms for three requests; "
        f"{spread}; on {server}"
    )
    return {"documents.mongo_ratio": Reading(ratio, note)}


def _make_entry(turn: int, index: int) -> Entry:
    now = HandClock().now()
    key = f"g{turn}-{index}"
    return Entry(
        id=new_id("en"),
        created_at=now,
        updated_at=now,
        account=f"ac_{turn}",
        seq=index + 1,
        key=key,
        kind=EntryKind.GRANT,
        ref=key,
        legs=(Leg(account="world", amount_points=-5), Leg(account="ac", amount_points=5)),
        amount_points=5,
        balance_after_points=5 * (index + 1),
        note="measured",
        request_sha256="0" * 64,
    )


async def _use_ours(entries: MongoDocuments[Entry], records: list[Entry]) -> float:
    began_s = time.perf_counter()
    for record in records:
        await entries.insert(record)
        found = await entries.get(record.id)
        await entries.replace(found)
    return time.perf_counter() - began_s


async def _use_bare(bare: AsyncIOMotorCollection[dict[str, Any]], documents: list[Any]) -> float:
    began_s = time.perf_counter()
    for document in documents:
        await bare.insert_one(document)
        found = await bare.find_one({"_id": document["_id"]})
        assert found is not None
        wanted = {"_id": document["_id"], "version": Int64(found["version"])}
        await bare.replace_one(wanted, {**document, "version": Int64(found["version"] + 1)})
    return time.perf_counter() - began_s


async def measure_blobs(effort: Effort) -> dict[str, Reading]:
    """Put and read small blobs and a large one, by our adapter and by aioboto3 alone."""
    with run_s3() as url:
        options = await make_bucket(url)
        async with S3Blobs(options) as blobs, make_client(options) as client:
            sides: list[_Side] = [_Ours(blobs), _Bare(client, options.bucket)]
            small = [
                [await _use_blobs(side, _SMALL_BYTES, _SMALL_BLOBS) for side in sides]
                for _ in range(effort.store_turns)
            ]
            large = [
                [await _use_blobs(side, _LARGE_BYTES, 1) for side in sides]
                for _ in range(effort.large_blobs)
            ]
    found = {"200 kB": _compare(small), "24 MB": _compare(large)}
    worst = max(ratio for ratio, _ in found.values())
    note = "; ".join(f"{name}: {note}" for name, (_, note) in found.items())
    return {"blobs.s3_ratio": Reading(worst, note)}


def _compare(turns: list[list[float]]) -> tuple[float, str]:
    ours_s, bare_s = zip(*turns, strict=True)
    ratio, spread = compare(ours_s, bare_s)
    return ratio, (
        f"{ratio:.2f}, {median(ours_s) * 1000:.1f} against {median(bare_s) * 1000:.1f} ms "
        f"there and back, {spread}"
    )


async def _use_blobs(side: "_Side", size: int, count: int) -> float:
    body = bytes(range(250)) * (size // 250)
    keys = [f"b/{new_id('bl')}" for _ in range(count)]
    began_s = time.perf_counter()
    for key in keys:
        await side.put(key, body)
        if await side.read(key) != size:
            raise RuntimeError("a blob came back at another size")
    return (time.perf_counter() - began_s) / count


class _Ours:
    def __init__(self, blobs: S3Blobs) -> None:
        self._blobs = blobs

    async def put(self, key: str, body: bytes) -> None:
        await self._blobs.put(key, _stream(body), content_type="a/b", if_absent=True)

    async def read(self, key: str) -> int:
        return sum([len(chunk) async for chunk in self._blobs.read(key)])


class _Bare:
    """The driver as its guide uses it: whole bodies, no hash and no condition."""

    def __init__(self, client: Any, bucket: str) -> None:  # aioboto3 has no types
        self._client = client
        self._bucket = bucket

    async def put(self, key: str, body: bytes) -> None:
        if len(body) > _SMALL_BYTES:
            with warnings.catch_warnings(
                action="ignore", category=ResourceWarning
            ):  # its own parts
                await self._client.upload_fileobj(BytesIO(body), self._bucket, key)
        else:
            await self._client.put_object(Bucket=self._bucket, Key=key, Body=BytesIO(body))

    async def read(self, key: str) -> int:
        answer = await self._client.get_object(Bucket=self._bucket, Key=key)
        async with answer["Body"] as stream:
            return len(await stream.read())


_Side = _Ours | _Bare


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _CHUNK_BYTES):
        yield body[start : start + _CHUNK_BYTES]
        await asyncio.sleep(0)
