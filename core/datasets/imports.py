"""What people send to a dataset: a picture, or a zip of pictures and captions, told apart by its first bytes."""

import asyncio
import tempfile
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.datasets.intake import MAX_IMAGE_BYTES, Intake, NewImage, stream_once
from core.datasets.records import Item, Source
from core.datasets.service import Datasets
from core.datasets.texts import MAX_CAPTION_BYTES
from core.datasets.zips import (
    MAGIC,
    Plan,
    decode_text,
    make_plan,
    name_stem,
    open_zip,
    read_captions,
    read_entry,
)
from core.errors import RefusedError, TooLargeError
from core.ports import Fetcher

MAX_ZIP_BYTES = 1024**3


@dataclass(frozen=True)
class Taken:
    """What became of one file: its item, and whether that is new; or why it was refused."""

    filename: str
    item: Item | None = None
    is_new: bool = False
    error: RefusedError | None = None


class Imports:
    """Takes in whatever holds pictures."""

    def __init__(self, intake: Intake, datasets: Datasets, fetcher: Fetcher) -> None:
        self._intake = intake
        self._datasets = datasets
        self._fetcher = fetcher

    async def add_url(
        self, principal: Principal, dataset_id: str, url: str
    ) -> AsyncIterator[Taken]:
        """Take in what is at a web address: a picture, or a zip of them. Raises as `add` does."""
        require_scope(principal, Scope.WRITE)
        await self._datasets.get_joint(principal, dataset_id)
        name = PurePosixPath(url.partition("?")[0]).name[:200]
        image = NewImage(filename=name, source=Source.URL)
        async for taken in self.add(principal, dataset_id, self._fetcher.fetch(url), image):
            yield taken

    async def add(
        self, principal: Principal, dataset_id: str, body: AsyncIterator[bytes], image: NewImage
    ) -> AsyncIterator[Taken]:
        """Take in a picture or a zip of them, and yield what became of each as it is known.

        Raises what `Intake.add_image` does for a picture alone, and for a zip as a whole
        NotFoundError, InvalidError when it cannot be read and TooLargeError when it holds too much.
        """
        head, whole = await _peek(body)
        if head[:4] not in MAGIC:
            item, is_new = await self._intake.add_image(principal, dataset_id, whole, image)
            yield Taken(image.filename, item, is_new)
            return
        await self._datasets.get_joint(principal, dataset_id)
        with tempfile.TemporaryFile() as file:
            await _spool(whole, file)
            archive = await asyncio.to_thread(open_zip, file)
            plan = make_plan(archive.infolist())
            for name, error in plan.refused:
                yield Taken(name, error=error)
            captions = await asyncio.to_thread(read_captions, archive, plan.lines)
            for entry in plan.pictures:
                yield await self._take(principal, dataset_id, archive, plan, entry, captions)

    async def _take(
        self,
        principal: Principal,
        dataset_id: str,
        archive: zipfile.ZipFile,
        plan: Plan,
        entry: zipfile.ZipInfo,
        captions: dict[str, dict[str, str]],
    ) -> Taken:
        """Take one picture with its captions; what is wrong with it is its own affair."""
        name = PurePosixPath(entry.filename).name
        try:
            data = await asyncio.to_thread(read_entry, archive, entry, MAX_IMAGE_BYTES)
            sets = dict(captions.get(entry.filename, {}))
            caption = sets.pop("default", "")
            text = plan.texts.get(name_stem(entry.filename))
            if text is not None:
                raw = await asyncio.to_thread(read_entry, archive, text, MAX_CAPTION_BYTES)
                caption = decode_text(raw)
            image = NewImage(filename=name, caption=caption, source=Source.ZIP)
            item, is_new = await self._intake.add_image(
                principal, dataset_id, stream_once(data), image
            )
            for set_name, words in sets.items() if is_new else ():
                item = await self._datasets.caption(
                    principal, dataset_id, item.id, words, set_name=set_name
                )
        except RefusedError as error:
            return Taken(name, error=error)
        return Taken(name, item, is_new)


async def _peek(body: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """Read the first bytes, and return them with a stream that begins with them."""
    head = b""
    async for chunk in body:
        head += chunk
        if len(head) >= len(MAGIC[0]):
            break

    async def whole() -> AsyncIterator[bytes]:
        if head:
            yield head
        async for chunk in body:
            yield chunk

    return head, whole()


async def _spool(body: AsyncIterator[bytes], file: IO[bytes]) -> None:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > MAX_ZIP_BYTES:
            most = MAX_ZIP_BYTES // 1024**2
            raise TooLargeError(f"A zip has at most {most} MiB; send it in parts.")
        await asyncio.to_thread(file.write, chunk)
