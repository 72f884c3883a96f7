"""Pictures from a multipart form, one at a time: each is streamed to the core, and none spoils the others."""

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from adapters.web.bodies import Patience
from adapters.web.routing import Call
from adapters.web.views.datasets import ItemView, Outcome, UploadedFile, UploadedFiles
from core.datasets.imports import Taken
from core.datasets.intake import NewImage
from core.datasets.records import Dataset
from core.datasets.texts import MAX_CAPTION_BYTES, check_caption, clean_filename
from core.errors import InvalidError, NotFoundError, RefusedError, TooLargeError, TrainyardError

MAX_FILES = 200
_CHUNK_BYTES = 64 * 1024
_FORM = "Send multipart/form-data with the pictures as parts named `files`."
_BROKEN = (
    ValueError,
    AssertionError,
    RuntimeError,
    HttpProcessingError,
    web.RequestPayloadError,
)
"""What aiohttp raises on forms that are cut short or malformed."""
T = TypeVar("T")


class BrokenFormError(Exception):
    """The form cannot be read any further."""


async def take_images(call: Call, dataset_id: str) -> UploadedFiles:
    """Take in every picture of the request's form, and say what became of each file.

    Raises NotFoundError, and InvalidError when there is no form or nothing in it.
    """
    dataset = await call.studio.datasets.get_joint(call.principal, dataset_id)
    form = _Upload(call, dataset)
    try:
        await form.read(_open(call.request))
    except BrokenFormError as error:
        if not form.files:
            raise InvalidError(f"This form is cut short or malformed. {_FORM}") from error
        form.refuse("", InvalidError("The form is cut short here; what follows was not read."))
    form.refuse_unused_captions()
    if not form.files:
        raise InvalidError(f"There is no file in this form. {_FORM}")
    return UploadedFiles(files=tuple(form.files))


async def take_addresses(call: Call, dataset_id: str, urls: Sequence[str]) -> UploadedFiles:
    """Take in what is at these addresses, one after the other; none spoils the others."""
    files: list[UploadedFile] = []
    for url in urls:
        try:
            async for taken in call.studio.imports.add_url(call.principal, dataset_id, url):
                files.append(describe(call, taken))
        except RefusedError as error:
            files.append(refuse(call, url[:200], error))
    return UploadedFiles(files=tuple(files))


def describe(call: Call, taken: Taken) -> UploadedFile:
    """Say what became of a picture, alone or from a zip."""
    if taken.error is not None:
        return refuse(call, taken.filename, taken.error)
    outcome = Outcome.ADDED if taken.is_new else Outcome.ALREADY_THERE
    item = ItemView.of(taken.item)
    return UploadedFile(filename=taken.filename, outcome=outcome, item=item)


def refuse(call: Call, filename: str, error: TrainyardError) -> UploadedFile:
    """Say that a file was not kept, and why."""
    detail = call.words.known(error.message)
    return UploadedFile(filename=filename, outcome=Outcome.REFUSED, code=error.code, detail=detail)


class _Upload:
    """One form on its way in; captions and pictures of one name may come in either order."""

    def __init__(self, call: Call, dataset: Dataset) -> None:
        self.files: list[UploadedFile] = []
        self._call = call
        self._dataset = dataset
        self._patience = Patience()
        self._next_caption = ""
        self._captions: dict[str, tuple[str, str]] = {}
        """By stem: the caption file's name and its text."""
        self._used: set[str] = set()

    async def read(self, reader: MultipartReader) -> None:
        """Read the parts in order, at most MAX_FILES files. Raises BrokenFormError."""
        seen = 0
        while (part := await _step(self._patience, reader.next())) is not None:
            seen += not (isinstance(part, BodyPartReader) and part.name == "caption")
            filename = clean_filename(getattr(part, "filename", None) or "")
            try:
                if seen > MAX_FILES:
                    raise TooLargeError(f"A form has at most {MAX_FILES} files; send more anew.")
                await self._take(part, filename)
            except TrainyardError as error:
                self.refuse(filename, error)
            if seen > MAX_FILES:
                return

    def refuse(self, filename: str, error: TrainyardError) -> None:
        """Note that a file was not kept, and why."""
        self.files.append(refuse(self._call, filename, error))

    def refuse_unused_captions(self) -> None:
        """Note the caption files that no picture took."""
        for stem, (filename, _) in self._captions.items():
            if stem not in self._used:
                words = "No new picture of this name, without a caption, is in this form."
                self.refuse(filename, NotFoundError(words))

    async def _take(self, part: BodyPartReader | MultipartReader, filename: str) -> None:
        if not isinstance(part, BodyPartReader) or part.name not in ("files", "caption"):
            raise InvalidError("Only parts named `files` and `caption` are taken.")
        if part.name == "caption":
            self._next_caption = await _read_text(part, self._patience)
        elif filename.lower().endswith(".txt"):
            await self._take_caption(filename, await _read_text(part, self._patience))
        else:
            await self._take_picture(part, filename)

    async def _take_picture(self, part: BodyPartReader, filename: str) -> None:
        stem = _stem(filename)
        caption, self._next_caption = self._next_caption, ""
        if not caption and stem in self._captions:
            caption = self._captions[stem][1]
            self._used.add(stem)
        image = NewImage(filename=filename, caption=caption)
        async with aclosing(_read_part(part, self._patience)) as body:
            imported = self._call.studio.imports.add(
                self._call.principal, self._dataset.id, body, image
            )
            async for taken in imported:
                self.files.append(describe(self._call, taken))

    async def _take_caption(self, filename: str, text: str) -> None:
        """Keep a caption for the pictures behind it, and give it to those before it."""
        stem, caption = _stem(filename), check_caption(text)
        self._captions[stem] = (filename, caption)
        for index, file in enumerate(self.files):
            item = file.item
            fits = _stem(file.filename) == stem and file.outcome is Outcome.ADDED
            if not fits or item is None or item.captions:
                continue
            self._used.add(stem)
            captioned = await self._call.studio.datasets.caption(
                self._call.principal, self._dataset.id, item.id, caption
            )
            self.files[index] = file.model_copy(update={"item": ItemView.of(captioned)})


def _open(request: web.Request) -> MultipartReader:
    if request.content_type != "multipart/form-data":
        raise web.HTTPUnsupportedMediaType(text=_FORM)
    try:
        return MultipartReader(request.headers, request.content)
    except ValueError as error:  # no boundary, or one that is too long
        raise BrokenFormError from error


async def _read_part(part: BodyPartReader, patience: Patience) -> AsyncGenerator[bytes, None]:
    while not part.at_eof():
        chunk = await _step(patience, part.read_chunk(_CHUNK_BYTES))
        patience.count(len(chunk))
        yield chunk


async def _read_text(part: BodyPartReader, patience: Patience) -> str:
    """Read a caption; of one that is too long only as much as the core needs to refuse it."""
    raw = bytearray()
    async with aclosing(_read_part(part, patience)) as body:
        async for chunk in body:
            raw += chunk
            if len(raw) > MAX_CAPTION_BYTES:
                return raw.decode(errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("This caption is not UTF-8 text; save it as UTF-8.") from error


async def _step(patience: Patience, work: Awaitable[T]) -> T:
    """Read on in the form. Raises BrokenFormError, HTTPRequestTimeout."""
    try:
        async with patience.wait():
            return await work
    except _BROKEN as error:
        raise BrokenFormError from error


def _stem(filename: str) -> str:
    return filename.rpartition(".")[0] or filename
