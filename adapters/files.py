"""Blobs in a folder: each blob is one file that begins with its own description, so it is whole or absent."""

import asyncio
import errno
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import AlreadyExistsError, NotFoundError, StorageFullError
from core.ports import BlobInfo

_CHUNK_BYTES = 256 * 1024
_HEADER_BYTES = 512
_STALE_S = 3600
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class FileBlobs:
    """A folder of blobs. A file is 512 bytes of description (JSON, padded) and then the bytes.

    Written beside its place, synced, then renamed or linked into it: a crash leaves at most a
    temporary file, which the next `open` removes once it is an hour old.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "blobs"
        self._temporary = folder / "unfinished"

    async def open(self) -> None:
        await asyncio.to_thread(self._prepare)

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._temporary.mkdir(parents=True, exist_ok=True)
        for file in self._temporary.iterdir():
            if file.stat().st_mtime < time.time() - _STALE_S:
                file.unlink(missing_ok=True)

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        place = self._place(key)
        unfinished = self._temporary / secrets.token_hex(16)
        try:
            file = await asyncio.to_thread(_create, unfinished)
            digest, size = hashlib.sha256(), 0
            try:
                async for chunk in body:
                    await asyncio.to_thread(_add, file, chunk, digest)
                    size += len(chunk)
                info = BlobInfo(
                    key=key, bytes=size, content_type=content_type, sha256=digest.hexdigest()
                )
                await asyncio.to_thread(_describe, file, info)
            finally:
                file.close()
            await asyncio.to_thread(_publish, unfinished, place, if_absent)
        except FileExistsError as error:
            raise AlreadyExistsError(f"The blob {key} exists.", key="key") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFullError(
                    "No space is left to keep this file; nothing was saved. Try again later."
                ) from error
            raise
        finally:
            unfinished.unlink(missing_ok=True)
        return info

    async def info(self, key: str) -> BlobInfo:
        return await asyncio.to_thread(self._info, key)

    def _info(self, key: str) -> BlobInfo:
        with self._open(key) as file:
            return BlobInfo.model_validate_json(file.read(_HEADER_BYTES))

    async def read(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        file = await asyncio.to_thread(self._open, key)
        try:
            file.seek(_HEADER_BYTES + start)
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._place(key).unlink, missing_ok=True)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        for key in await asyncio.to_thread(lambda: sorted(self._walk(prefix))):
            yield key

    def _walk(self, prefix: str) -> Iterator[str]:
        base = self._folder / prefix.rpartition("/")[0]
        for folder, _, names in os.walk(base):
            for name in names:
                key = str((Path(folder) / name).relative_to(self._folder))
                if key.startswith(prefix):
                    yield key

    def _open(self, key: str) -> BinaryIO:
        try:
            return self._place(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"There is no blob {key}.") from error

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a blob key: {key!r}")
        return self._folder / key


def _create(path: Path) -> BinaryIO:
    file = path.open("xb")
    file.write(b" " * _HEADER_BYTES)
    return file


def _add(file: BinaryIO, chunk: bytes, digest: "hashlib._Hash") -> None:
    digest.update(chunk)
    file.write(chunk)


def _describe(file: BinaryIO, info: BlobInfo) -> None:
    header = json.dumps(info.model_dump()).encode()
    if len(header) > _HEADER_BYTES:
        raise ValueError(f"the description of {info.key} is too long")
    file.seek(0)
    file.write(header)
    file.flush()
    os.fsync(file.fileno())


def _publish(unfinished: Path, place: Path, if_absent: bool) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if if_absent:
        os.link(unfinished, place)
    else:
        unfinished.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
