"""Blobs in a folder: each blob is one file that begins with its own description, so it is whole or absent."""

import asyncio
import builtins
import contextlib
import errno
import hashlib
import itertools
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from pydantic import ValidationError

from core.blob_keys import check_key, check_prefix
from core.endings import finish_anyway
from core.errors import (
    AlreadyExistsError,
    DamagedError,
    NotFoundError,
    StorageFullError,
    UnavailableError,
)
from core.ports import BlobInfo

P = ParamSpec("P")
T = TypeVar("T")

_CHUNK_BYTES = 256 * 1024
_HEADER_BYTES = 512
_STALE_S = 3600
_LIST_PAGE = 1000
_MAX_RACES = 10


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
        draft = _Draft(self._temporary / secrets.token_hex(16))
        try:
            await _in_thread(draft.open)
            async for chunk in body:
                await _in_thread(draft.add, chunk)
            info = await _in_thread(draft.describe, key, content_type)
            await _in_thread(_publish, draft.path, place, if_absent)
        except FileExistsError as error:
            raise AlreadyExistsError(f"The blob {key} exists.", key="key") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StorageFullError(
                    "No space is left to keep this file; nothing was saved. Try again later."
                ) from error
            raise
        finally:
            await _in_thread(draft.discard)
        return info

    async def info(self, key: str) -> BlobInfo:
        return await asyncio.to_thread(self._info, key)

    def _info(self, key: str) -> BlobInfo:
        with self._open(key) as file:
            header = file.read(_HEADER_BYTES)
        try:
            return BlobInfo.model_validate_json(header)
        except ValidationError as error:
            raise DamagedError(f"The blob {key} is damaged; nothing was changed.") from error

    async def read(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        opened: builtins.list[BinaryIO] = []  # kept here, so that a cancellation cannot lose it
        try:
            await _in_thread(lambda: opened.append(self._open(key)))
            opened[0].seek(_HEADER_BYTES + start)
            while chunk := await _in_thread(opened[0].read, _CHUNK_BYTES):
                yield chunk
        finally:
            for file in opened:
                file.close()

    async def delete(self, key: str) -> None:
        await _in_thread(self._delete, self._place(key))

    def _delete(self, place: Path) -> None:
        """Remove a file, and the folders that it leaves empty: a store must not fill with those."""
        with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            place.unlink()
        for folder in place.parents:
            if folder == self._folder:
                return
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:  # something is in it
                return

    async def list(self, prefix: str) -> AsyncIterator[str]:
        start = check_prefix(prefix).rpartition("/")[0]
        keys = (key for key in _walk(self._folder, start) if key.startswith(prefix))
        while page := await _in_thread(_take, keys, _LIST_PAGE):
            for key in page:
                yield key

    async def find_address(self, key: str, *, content_type: str, save_as: str) -> str | None:
        return None

    def _open(self, key: str) -> BinaryIO:
        try:
            return self._place(key).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise NotFoundError(f"There is no blob {key}.") from error

    def _place(self, key: str) -> Path:
        return self._folder / check_key(key)


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in a thread, to its end: a cancelled caller must not clean up beneath it."""
    return await finish_anyway(asyncio.to_thread(work, *args, **kwargs))


def _take(keys: Iterator[str], count: int) -> builtins.list[str]:
    return builtins.list(itertools.islice(keys, count))


def _walk(root: Path, start: str) -> Iterator[str]:
    """Yield the keys below a folder in order, holding one folder's names a level of depth."""
    try:
        with os.scandir(root / start) as entries:
            names = sorted(
                entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries
            )
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        key = f"{start}/{name}" if start else name
        if name.endswith("/"):
            yield from _walk(root, key[:-1])
        else:
            yield key


class _Draft:
    """A blob that is being written, beside its place; every method blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()
        self._bytes = 0

    def open(self) -> None:
        self._file = self.path.open("xb")
        self._file.write(b" " * _HEADER_BYTES)

    def add(self, chunk: bytes) -> None:
        assert self._file is not None
        self._digest.update(chunk)
        self._bytes += len(chunk)
        self._file.write(chunk)

    def describe(self, key: str, content_type: str) -> BlobInfo:
        """Write the description in front and sync it all."""
        assert self._file is not None
        sha256 = self._digest.hexdigest()
        info = BlobInfo(key=key, bytes=self._bytes, content_type=content_type, sha256=sha256)
        header = json.dumps(info.model_dump()).encode()
        if len(header) > _HEADER_BYTES:
            raise ValueError(f"the description of {key} is too long")
        self._file.seek(0)
        self._file.write(header)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return info

    def discard(self) -> None:
        """Remove what is left; nothing is once it was moved to its place."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a full disk refuses what was not written yet
                self._file.close()
        self.path.unlink(missing_ok=True)


def _publish(unfinished: Path, place: Path, if_absent: bool) -> None:
    """Put a synced file in its place, and sync the names that lead to it."""
    for _ in range(_MAX_RACES):
        try:
            _make_folder(place.parent)
            if if_absent:
                os.link(unfinished, place)
            else:
                unfinished.replace(place)
        except FileNotFoundError:  # a delete found the new folder empty and removed it
            continue
        with contextlib.suppress(FileNotFoundError):  # deleted again already
            _sync_folder(place.parent)
        return
    raise UnavailableError("This file could not be kept just now; try again.")


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it; each new name is synced, or a power cut could take the blob."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
