"""Pictures on their way to a dataset: in forms, or in parts that go on after a lost connection."""

import asyncio
import contextlib
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from aiohttp import FormData

from adapters.client.errors import ConflictError, UnreachableError
from adapters.client.models.items import UploadedFile
from adapters.client.models.uploads import NewUploadForm, UploadStep
from adapters.client.operations.items import ItemsOperations
from adapters.client.operations.uploads import UploadsOperations

FORM_FILES = 50
PART_BYTES = 4 * 1024**2
MAX_LOST = 20
"""So often a part is sent again before that is given up."""
PAUSE_S = 0.5
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"})
T = TypeVar("T")


@dataclass(frozen=True)
class Picture:
    """A picture to send."""

    file: Path
    caption: str = ""


def read_folder(folder: Path) -> list[Picture]:
    """List a folder's pictures by name, with captions from .txt files of the same name."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    return [Picture(file, _read_caption(file.with_suffix(".txt"))) for file in files]


class PictureUploads(ItemsOperations, UploadsOperations):
    """Sends pictures, captioned, and files of any size."""

    async def upload_folder(self, dataset_id: str, folder: Path) -> list[UploadedFile]:
        """Send a folder's pictures, with captions from .txt files of the same name."""
        return await self.upload_pictures(dataset_id, await asyncio.to_thread(read_folder, folder))

    async def upload_pictures(
        self, dataset_id: str, pictures: Iterable[Picture]
    ) -> list[UploadedFile]:
        """Send pictures, FORM_FILES in a form, and return what became of each.

        One bad file spoils none; a picture that the dataset has is `already_there`.
        """
        found: list[UploadedFile] = []
        for batch in _batch(pictures, FORM_FILES):
            form = await asyncio.to_thread(_make_form, batch)
            found += (await self.add_images(dataset_id, form)).files
        return found

    async def upload_file(
        self, dataset_id: str, file: Path, caption: str = ""
    ) -> Sequence[UploadedFile]:
        """Send a picture or a zip in parts; after a lost connection, or another run, only what is missing.

        Returns what became of it, or of each file in a zip. Raises UnreachableError after MAX_LOST tries.
        """
        size_bytes, sha256 = await asyncio.to_thread(_measure, file)
        coming = NewUploadForm(
            filename=file.name, size_bytes=size_bytes, sha256=sha256, caption=caption
        )
        upload = await _persist(lambda: self.begin_upload(dataset_id, coming))
        while True:
            step = await _persist(lambda: self._send_next(dataset_id, upload.id, file))
            if step.files is not None:
                return step.files

    async def _send_next(self, dataset_id: str, upload_id: str, file: Path) -> UploadStep:
        """Send the part that is missing; nothing, when only the last answer is."""
        offset = (await self.get_upload(dataset_id, upload_id)).received_bytes
        part = await asyncio.to_thread(_read_part, file, offset)
        return await self.send_bytes(dataset_id, upload_id, part, offset=offset)


async def _persist(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again after a lost connection, and when a part has come by another way, MAX_LOST times."""
    for _ in range(MAX_LOST):
        with contextlib.suppress(UnreachableError, ConflictError):
            return await ask()
        await asyncio.sleep(PAUSE_S)
    return await ask()


def _make_form(pictures: Sequence[Picture]) -> FormData:
    form = FormData(default_to_multipart=True, quote_fields=False)
    for picture in pictures:
        if picture.caption:
            form.add_field("caption", picture.caption)
        form.add_field("files", picture.file.read_bytes(), filename=picture.file.name)
    return form


def _read_caption(file: Path) -> str:
    return file.read_text("utf-8-sig").strip() if file.is_file() else ""


def _measure(file: Path) -> tuple[int, str]:
    with file.open("rb") as stream:
        return file.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()


def _read_part(file: Path, offset: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(offset)
        return stream.read(PART_BYTES)


def _batch(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(entries)
    while batch := list(islice(left, size)):
        yield batch
