"""Blobs on GridFS, for those who have MongoDB and no S3: a name points to a file, which is written before it."""

import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from bson import Int64
from gridfs.errors import CorruptGridFile, NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket, AsyncIOMotorGridIn
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from adapters.mongo.database import MongoDatabase
from adapters.mongo.errors import DRIVER_ERRORS, translate
from adapters.mongo.values import Document
from core.blob_keys import check_key, check_prefix
from core.endings import finish_anyway
from core.errors import AlreadyExistsError, NotFoundError, UnavailableError
from core.ports import BlobInfo

_FILES = "blobs"
_NAMES = "blob_names"
_LOOSE = "blob_loose"
"""Files that may have no name: being written, or being removed. A process that dies leaves its own here."""
_LOOSE_FOR = timedelta(days=1)
_CHUNK_BYTES = 1024 * 1024
_LIST_PAGE = 1000
_TRIES = 5
_LARGEST = "\x7f"
"""Behind every character that a key may have."""


class GridFsBlobs:
    """The blobs of a database. A file never changes; a name changes from one file to another at once."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database
        self._names = database.get_collection(_NAMES)
        self._loose = database.get_collection(_LOOSE)
        self._files = AsyncIOMotorGridFSBucket(
            database.get_database(), bucket_name=_FILES, chunk_size_bytes=_CHUNK_BYTES
        )

    @classmethod
    async def open(cls, database: MongoDatabase) -> Self:
        """Make what is missing, and remove what processes that died left a day ago."""
        blobs = cls(database)
        await database.write(blobs._make_indexes)
        before = Int64((datetime.now(UTC) - _LOOSE_FOR).timestamp())

        async def look(is_again: bool) -> list[Document]:
            return await blobs._loose.find({"since_s": {"$lt": before}}).to_list(None)

        for found in await database.read(look):
            with contextlib.suppress(UnavailableError):  # the next start looks again
                await blobs._settle(found["_id"], found["key"])
        return blobs

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        check_key(key)
        file = secrets.token_hex(12)
        try:
            await self._note(file, key)
            bytes_, sha256 = await self._write(file, key, body)
            info = BlobInfo(key=key, bytes=bytes_, content_type=content_type, sha256=sha256)
            replaced = await self._name(info, file, if_absent)
        except UnavailableError:  # who knows what it points to: it is looked at tomorrow
            raise
        except BaseException:
            with contextlib.suppress(UnavailableError):
                await finish_anyway(self._settle(file, key))
            raise
        await self._forget(file)
        if replaced is not None:
            await finish_anyway(self._remove(replaced))
        return info

    async def info(self, key: str) -> BlobInfo:
        return _describe(await self._get(key))

    async def read(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        found = await self._get(key)
        if start >= found["bytes"]:
            return
        try:
            source = await self._files.open_download_stream(found["file"])
            source.seek(start)
            while chunk := await source.readchunk():
                yield chunk
        except (NoFile, CorruptGridFile) as error:
            await self._get(key)  # deleted since
            raise UnavailableError(f"The blob {key} was replaced while it was read.") from error
        except DRIVER_ERRORS as error:
            raise translate(error) from error

    async def delete(self, key: str) -> None:
        check_key(key)
        for _ in range(_TRIES):
            found = await self._find(key)
            if found is None:
                return
            file = found["file"]
            await self._note(file, key)

            async def work(is_again: bool, file: str = file) -> int:
                return (await self._names.delete_one({"_id": key, "file": file})).deleted_count

            await self._database.write(work)
            await finish_anyway(self._settle(file, key))
        raise UnavailableError(f"The blob {key} is written again and again; try later.")

    async def list(self, prefix: str) -> AsyncIterator[str]:
        after = check_prefix(prefix)
        is_first = True
        while True:
            bounds = {"$gte" if is_first else "$gt": after, "$lt": prefix + _LARGEST}

            async def work(is_again: bool, bounds: Document = bounds) -> list[Document]:
                pages = self._names.find({"_id": bounds}, {"_id": 1}).sort("_id", ASCENDING)
                return await pages.limit(_LIST_PAGE).to_list(None)

            page = await self._database.read(work)
            for found in page:
                yield found["_id"]
            if len(page) < _LIST_PAGE:
                return
            after, is_first = page[-1]["_id"], False

    async def find_address(self, key: str, *, content_type: str, save_as: str) -> str | None:
        return None

    async def _make_indexes(self, is_again: bool) -> None:
        """Make the indexes that GridFS wants, which its driver makes with the first file."""
        chunks = self._database.get_collection(f"{_FILES}.chunks")
        await chunks.create_index([("files_id", ASCENDING), ("n", ASCENDING)], unique=True)
        files = self._database.get_collection(f"{_FILES}.files")
        await files.create_index([("filename", ASCENDING), ("uploadDate", ASCENDING)])

    async def _write(self, file: str, key: str, body: AsyncIterator[bytes]) -> tuple[int, str]:
        digest, count = hashlib.sha256(), 0
        sink: AsyncIOMotorGridIn = self._files.open_upload_stream_with_id(file, key)
        async for chunk in body:
            digest.update(chunk)
            count += len(chunk)
            await _drive(sink.write(chunk))
        await _drive(sink.close())
        return count, digest.hexdigest()

    async def _name(self, info: BlobInfo, file: str, if_absent: bool) -> str | None:
        """Point the name to a file; return the one that it pointed to."""
        document = {"_id": info.key, "file": file, **info.model_dump(exclude={"key"})}
        document["bytes"] = Int64(info.bytes)
        for _ in range(_TRIES):
            old = await self._find_file(info.key)
            if old == file:  # an earlier try did, whose answer was lost
                return None
            if old is not None and if_absent:
                raise AlreadyExistsError(f"The blob {info.key} exists.", key="key")
            if old is not None:
                await self._note(old, info.key)

            async def work(is_again: bool, old: str | None = old) -> None:
                if old is None:
                    await self._names.insert_one(document)
                else:
                    await self._names.replace_one({"_id": info.key, "file": old}, document)

            try:
                await self._database.write(work)
            except DuplicateKeyError:
                continue
            if await self._find_file(info.key) == file:
                return old
        raise UnavailableError(f"The blob {info.key} is written by too many at once; try again.")

    async def _get(self, key: str) -> Document:
        found = await self._find(check_key(key))
        if found is None:
            raise NotFoundError(f"There is no blob {key}.")
        return found

    async def _find(self, key: str) -> Document | None:
        async def work(is_again: bool) -> Document | None:
            return await self._names.find_one({"_id": key})

        return await self._database.read(work)

    async def _find_file(self, key: str) -> str | None:
        found = await self._find(key)
        return found["file"] if found else None

    async def _note(self, file: str, key: str) -> None:
        """Note that a file may come to have no name."""
        since_s = Int64(datetime.now(UTC).timestamp())
        noted = {"_id": file, "key": key, "since_s": since_s}

        async def work(is_again: bool) -> None:
            await self._loose.replace_one({"_id": file}, noted, upsert=True)

        await self._database.write(work)

    async def _forget(self, file: str) -> None:
        async def work(is_again: bool) -> None:
            await self._loose.delete_one({"_id": file})

        await self._database.write(work)

    async def _settle(self, file: str, key: str) -> None:
        """Remove a file unless it has come to its name, which a caller that was cancelled cannot know."""
        if await self._find_file(key) == file:
            await self._forget(file)
        else:
            await self._remove(file)

    async def _remove(self, file: str) -> None:
        async def work(is_again: bool) -> None:
            try:
                await self._files.delete(file)
            except NoFile:  # its pieces are gone all the same
                return

        await self._database.write(work)
        await self._forget(file)


async def _drive(call: Any) -> None:  # motor types its futures as they come
    """Wait for a call of the driver to its end. Raises the core's errors."""

    async def wait() -> None:
        await call

    try:
        await finish_anyway(wait())
    except DRIVER_ERRORS as error:
        raise translate(error) from error


def _describe(found: Document) -> BlobInfo:
    named = {name: found[name] for name in ("bytes", "content_type", "sha256")}
    return BlobInfo(key=found["_id"], **named)
