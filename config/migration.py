"""Moves what the data folder holds to MongoDB, S3 or both: as often as it takes, and proved in the end."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from adapters.files import FileBlobs
from adapters.mongo.documents import MongoDocuments
from adapters.sqlite.database import SqliteDatabase
from adapters.sqlite.documents import SqliteDocuments
from config.settings import Settings
from config.stores import list_record_classes, open_blobs, open_mongodb
from core.errors import DamagedError, InvalidError, NotFoundError, RefusedError, StaleError
from core.ports import BlobInfo, Blobs, Documents
from core.records import Cursor, Record

_PAGE = 200
_AT_ONCE = 8


@dataclass(frozen=True)
class Moved:
    """What is the same in both places now: how much, and the SHA-256 of all of it in order."""

    what: str
    count: int
    sha256: str


async def move(settings: Settings) -> AsyncIterator[Moved]:
    """Copy records and blobs to where the settings keep them; yield each kind when it was compared.

    Nothing may use either place meanwhile. What is there already stays, so a run that was cut off is
    repeated. Raises InvalidError when no other place is set, and RefusedError when the places differ.
    """
    has_mongodb = bool(settings.mongodb_url.get_secret_value())
    has_blobs = bool(settings.s3_bucket) or settings.gridfs
    if not has_mongodb and not has_blobs:
        raise InvalidError(
            "Say where to move the data folder's contents: set TRAINYARD_MONGODB_URL, "
            "TRAINYARD_S3_BUCKET or both."
        )
    if has_mongodb:
        if not settings.database_file.is_file():
            raise InvalidError(f"There is no {settings.database_file}; set TRAINYARD_DATA_FOLDER.")
        async for moved in _move_records(settings):
            yield moved
    if has_blobs:
        folder = FileBlobs(settings.data_folder)
        await folder.open()
        async with open_blobs(settings) as target:
            yield await _move_blobs(folder, target)


async def _move_records(settings: Settings) -> AsyncIterator[Moved]:
    async with SqliteDatabase(settings.database_file) as sqlite, open_mongodb(settings) as mongodb:
        for kind in list_record_classes().values():
            source = await SqliteDocuments.open(sqlite, kind)
            target = await MongoDocuments.open(mongodb, kind)
            async for page in _list_pages(source):
                for start in range(0, len(page), _AT_ONCE):
                    some = page[start : start + _AT_ONCE]
                    await asyncio.gather(*(_restore(target, record) for record in some))
            moved = await _sum_up(kind.collection, source)
            _compare(moved, await _sum_up(kind.collection, target), "the database")
            yield moved


async def _restore(target: MongoDocuments[Record], record: Record) -> None:
    try:
        await target.restore(record)
    except StaleError as error:
        raise RefusedError(
            f"{record.id} is in MongoDB already and differs. Nothing was changed there; move into a "
            "database that nobody uses yet (TRAINYARD_MONGODB_DATABASE)."
        ) from error


async def _list_pages(documents: Documents[Record]) -> AsyncIterator[list[Record]]:
    after: Cursor | None = None
    while page := await documents.find({}, order="id", limit=_PAGE, after=after):
        yield page
        after = Cursor(value=page[-1].id, id=page[-1].id)


async def _sum_up(what: str, documents: Documents[Record]) -> Moved:
    digest, count = hashlib.sha256(), 0
    async for page in _list_pages(documents):
        for record in page:
            digest.update(record.model_dump_json().encode() + b"\n")
        count += len(page)
    return Moved(what, count, digest.hexdigest())


async def _move_blobs(source: Blobs, target: Blobs) -> Moved:
    there: list[BlobInfo] = []
    async for keys in _list_keys(source):
        there += await asyncio.gather(*(_copy(source, target, key) for key in keys))
    here: list[BlobInfo] = []
    async for keys in _list_keys(target):
        here += await asyncio.gather(*(target.info(key) for key in keys))
    moved = _sum_up_blobs(there)
    _compare(moved, _sum_up_blobs(here), "the new place")
    return moved


async def _copy(source: Blobs, target: Blobs, key: str) -> BlobInfo:
    """Copy a blob unless it is there. Raises DamagedError when it is not what was once written."""
    info = await source.info(key)
    try:
        if await target.info(key) == info:
            return info
    except NotFoundError:
        pass
    stored = await target.put(key, source.read(key), content_type=info.content_type)
    if stored != info:
        await target.delete(key)
        raise DamagedError(f"The blob {key} is damaged in the data folder; it was not moved.")
    return info


async def _list_keys(blobs: Blobs) -> AsyncIterator[list[str]]:
    keys: list[str] = []
    async for key in blobs.list(""):
        keys.append(key)
        if len(keys) == _AT_ONCE:
            yield keys
            keys = []
    yield keys


def _sum_up_blobs(infos: list[BlobInfo]) -> Moved:
    lines = (info.model_dump_json() for info in sorted(infos, key=lambda info: info.key))
    return Moved("blobs", len(infos), hashlib.sha256("\n".join(lines).encode()).hexdigest())


def _compare(source: Moved, target: Moved, place: str) -> None:
    if source != target:
        raise RefusedError(
            f"{source.what}: {source.count} here, {target.count} in {place}, or they differ. Others "
            "were there before, or something was in use meanwhile; look before you go on."
        )
