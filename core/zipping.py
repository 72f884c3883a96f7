"""A zip written while it is sent; apart because several nouns are handed out so."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Self

from core.jobs.records import StoredFile
from core.ports import Blobs

CONTENT_TYPE = "application/zip"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The same content gives the same bytes."""


class StreamedZip:
    """Collects what zipfile writes until it is taken; holds one chunk of one file at a time."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._archive.close()

    def take(self) -> bytes:
        """Take what was written since the last time."""
        return self._sink.take()

    def add_text(self, name: str, text: str) -> None:
        self._archive.writestr(zipfile.ZipInfo(name, _WHEN), text)

    async def add(
        self, name: str, size_bytes: int, body: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """Add a file, and yield what is to be sent meanwhile."""
        entry = zipfile.ZipInfo(name, _WHEN)
        entry.file_size = size_bytes
        with self._archive.open(entry, "w") as file:
            async for chunk in body:
                file.write(chunk)
                yield self.take()


class _Sink(io.RawIOBase):
    def __init__(self) -> None:
        super().__init__()
        self._chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # all that zipfile writes
        self._chunks.append(bytes(data))
        return len(self._chunks[-1])

    def take(self) -> bytes:
        taken = b"".join(self._chunks)
        self._chunks.clear()
        return taken


async def stream_files(blobs: Blobs, files: Iterable[StoredFile]) -> AsyncIterator[bytes]:
    """Yield a zip of stored files under their own names."""
    with StreamedZip() as archive:
        for file in files:
            async for chunk in archive.add(file.name, file.bytes, blobs.read(file.key)):
                yield chunk
            yield archive.take()
    yield archive.take()


def name_zip(name: str, otherwise: str) -> str:
    """Name a zip after what is in it, in characters that every system takes."""
    kept = "".join(c if c.isalnum() or c in "-_ " else "" for c in name).strip()
    return f"{kept[:60] or otherwise}.zip"
