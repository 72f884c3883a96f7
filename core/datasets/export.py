"""A dataset as one zip: its pictures, a caption file beside each, and every caption set as JSON lines."""

import json
from collections.abc import AsyncIterator, Sequence

from core.accounts.records import Principal
from core.datasets.records import Dataset, Item
from core.datasets.service import Datasets
from core.downloads import Downloads
from core.jobs.records import StoredFile
from core.ports import Blobs
from core.zipping import StreamedZip, name_zip

SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


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
        """Keep the zip for a day; return it and its address."""
        dataset = await self._datasets.get(principal, dataset_id)
        body = self.stream(principal, dataset.id)
        return await self._downloads.keep_export(principal, name_export(dataset), body)

    async def _write(self, dataset: Dataset, items: Sequence[Item]) -> AsyncIterator[bytes]:
        lines = []
        with StreamedZip() as archive:
            for number, item in enumerate(items, 1):
                stem = f"{number:04d}"
                name = f"{stem}.{SUFFIXES.get(item.content_type, 'bin')}"
                async for chunk in archive.add(name, item.bytes, self._blobs.read(item.blob_key)):
                    yield chunk
                caption = item.captions.get(dataset.default_caption_set, "")
                archive.add_text(f"{stem}.txt", caption)
                line = {"file": name, "filename": item.filename, "captions": item.captions}
                lines.append(json.dumps(line, ensure_ascii=False))
                yield archive.take()
            archive.add_text("captions.jsonl", "\n".join(lines) + "\n")
        yield archive.take()


def name_export(dataset: Dataset) -> str:
    """Name the zip after its dataset."""
    return name_zip(dataset.name, dataset.id)
