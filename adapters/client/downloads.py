"""Files on their way to disk: streamed, resumed after a lost connection, and checked before they get their name."""

import asyncio
import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from adapters.client.errors import DamagedDownloadError

_CHUNK_BYTES = 1024**2
_SHA256 = re.compile(r'"([0-9a-f]{64})"')


class Download:
    """A file that is being written; it gets its name with `finish`, and is gone without."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._part = file.with_name(file.name + ".part")
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._etag = ""

    async def __aenter__(self) -> Self:
        self._stream = await asyncio.to_thread(self._part.open, "wb")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()
        with suppress(FileNotFoundError):
            self._part.unlink()

    @property
    def headers(self) -> dict[str, str]:
        """What to send in order to get only what is still missing."""
        if not self._size_bytes or not _SHA256.fullmatch(self._etag):
            return {}
        return {"Range": f"bytes={self._size_bytes}-", "If-Range": self._etag}

    async def take(self, answer: aiohttp.ClientResponse) -> None:
        """Write an answer's bytes behind those that are there, or from the start when it has all."""
        if answer.status != 206:
            self._hash, self._size_bytes = hashlib.sha256(), 0
            await asyncio.to_thread(self._empty)
        self._etag = answer.headers.get("ETag", "")
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            await asyncio.to_thread(self._write, chunk)
            self._size_bytes += len(chunk)

    async def finish(self) -> None:
        """Give the file its name. Raises DamagedDownloadError when it is not what was announced."""
        announced = _SHA256.fullmatch(self._etag)
        if announced and announced[1] != self._hash.hexdigest():
            raise DamagedDownloadError(f"{self._file.name} came damaged; download it again.")
        await asyncio.to_thread(self._stream.close)
        os.replace(self._part, self._file)

    def _empty(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()

    def _write(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        self._stream.write(chunk)
