"""A dataset as one zip: its pictures, a caption file beside each, and every caption set as JSON lines."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Sequence

from core.accounts.records import Principal
from core.datasets.records import Dataset, Item
from core.datasets.service import Datasets
from core.downloads import Downloads
from core.jobs.records import StoredFile
from core.ports import Blobs
from core.records import new_id

_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The same dataset gives the same bytes."""
CONTENT_TYPE = "application/zip"


class Exports:
    """Hands datasets out whole."""

    def __init__(self, datasets: Datasets, blobs: Blobs, downloads: Downloads) -> None:
        self._datasets = datasets
        self._blobs = blobs
        self._downloads = downloads

    async def stream(self, principal: Principal, dataset_id: str) -> AsyncIterator[bytes]:
        """Yield the zip of a dataset that the principal may see; holds one chunk of one picture.

        Raises NotFoundError before the first chunk.
        """
        dataset = await self._datasets.get(principal, dataset_id)
        items = await self._datasets.list_active(dataset.id)
        async for chunk in self._write(dataset, items):
            yield chunk

    async def make_file(self, principal: Principal, dataset_id: str) -> tuple[StoredFile, str]:
        """Keep the zip for a day, for platforms that must know a file's size; return it and its address."""
        dataset = await self._datasets.get(principal, dataset_id)
        key = f"exports/{new_id('ex')}.zip"
        body = self.stream(principal, dataset.id)
        info = await self._blobs.put(key, body, content_type=CONTENT_TYPE)
        file = StoredFile(
            name=name_export(dataset),
            key=key,
            sha256=info.sha256,
            bytes=info.bytes,
            content_type=CONTENT_TYPE,
        )
        return file, await self._downloads.make_link(principal, file, is_export=True)

    async def _write(self, dataset: Dataset, items: Sequence[Item]) -> AsyncIterator[bytes]:
        sink = _Sink()
        lines = []
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
            for number, item in enumerate(items, 1):
                stem = f"{number:04d}"
                name = f"{stem}.{_SUFFIXES.get(item.content_type, 'bin')}"
                entry = zipfile.ZipInfo(name, _WHEN)
                entry.file_size = item.bytes
                with archive.open(entry, "w") as file:
                    async for chunk in self._blobs.read(item.blob_key):
                        file.write(chunk)
                        yield sink.take()
                caption = item.captions.get(dataset.default_caption_set, "")
                archive.writestr(zipfile.ZipInfo(f"{stem}.txt", _WHEN), caption)
                line = {"file": name, "filename": item.filename, "captions": item.captions}
                lines.append(json.dumps(line, ensure_ascii=False))
                yield sink.take()
            archive.writestr(zipfile.ZipInfo("captions.jsonl", _WHEN), "\n".join(lines) + "\n")
        yield sink.take()


class _Sink(io.RawIOBase):
    """Collects what zipfile writes until it is taken."""

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


def name_export(dataset: Dataset) -> str:
    """Name the zip after its dataset, in characters that every system takes."""
    kept = "".join(c if c.isalnum() or c in "-_ " else "" for c in dataset.name).strip()
    return f"{kept[:60] or dataset.id}.zip"
