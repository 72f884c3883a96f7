"""A zip written while it is sent; apart because datasets and whole accounts are handed out so."""

import io
import zipfile
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

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
