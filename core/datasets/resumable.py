"""Uploads that go on after a lost connection: parts are kept until the last is there, then taken in as one file."""

import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import timedelta

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.datasets.imports import MAX_ZIP_BYTES, Imports, Taken
from core.datasets.intake import NewImage
from core.datasets.records import Upload
from core.datasets.service import Datasets
from core.datasets.texts import check_caption, clean_filename
from core.endings import finish_anyway
from core.errors import (
    AlreadyExistsError,
    ConflictError,
    InvalidError,
    NotFoundError,
    RefusedError,
    StaleError,
    TooLargeError,
)
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.records import Below, Value, new_id

MIN_CHUNK_BYTES = 256 * 1024
"""But for the last one; so an upload has few parts."""
MAX_CHUNK_BYTES = 8 * 1024**2
MAX_OPEN = 100
UPLOAD_LASTS = timedelta(days=1)
"""After the last byte that came."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_UPLOAD = "There is no such upload; begin it again."


class NewUpload(Value):
    """What a door knows of a file before its bytes."""

    filename: str
    size_bytes: int
    sha256: str
    caption: str = ""


class Uploads:
    """Keeps what has come of files. Their size is taken from the quota first, and given back at the end."""

    def __init__(
        self,
        uploads: Documents[Upload],
        datasets: Datasets,
        imports: Imports,
        accounts: Accounts,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._uploads = uploads
        self._datasets = datasets
        self._imports = imports
        self._accounts = accounts
        self._blobs = blobs
        self._clock = clock

    async def begin(self, principal: Principal, dataset_id: str, new: NewUpload) -> Upload:
        """Begin to upload a file, or return the upload of the same file that is under way.

        Raises NotFoundError, InvalidError, RefusedError, and TooLargeError for the file and the quota.
        """
        require_scope(principal, Scope.WRITE)
        dataset = await self._datasets.get_joint(principal, dataset_id)
        _check(new)
        caption = check_caption(new.caption)
        known = await self._find(principal, dataset.id, new.sha256)
        if known is not None and not known.is_done:
            return known
        if known is not None:
            await self._close(known)
            with contextlib.suppress(StaleError):
                await self._uploads.delete(await self._uploads.get(known.id))
        if await self._uploads.count({"account": principal.account, "is_done": False}) >= MAX_OPEN:
            raise RefusedError(f"{MAX_OPEN} uploads are under way; finish or drop one of them.")
        await self._accounts.reserve_storage(principal.account, new.size_bytes)
        now = self._clock.now()
        upload = Upload(
            id=new_id("up"),
            created_at=now,
            updated_at=now,
            account=principal.account,
            dataset=dataset.id,
            filename=clean_filename(new.filename),
            caption=caption,
            size_bytes=new.size_bytes,
            sha256=new.sha256,
            expires_at=now + UPLOAD_LASTS,
        )
        try:
            return await self._uploads.insert(upload)
        except BaseException as error:
            await finish_anyway(self._accounts.reserve_storage(principal.account, -new.size_bytes))
            same = await self._find(principal, dataset.id, new.sha256)
            if isinstance(error, AlreadyExistsError) and same is not None:
                return same
            raise

    async def get(self, principal: Principal, dataset_id: str, upload_id: str) -> Upload:
        """Return one's own upload, which says where to go on. Raises NotFoundError."""
        dataset = await self._datasets.get_joint(principal, dataset_id)
        try:
            upload = await self._uploads.get(upload_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_UPLOAD) from error
        if upload.account != principal.account or upload.dataset != dataset.id:
            raise NotFoundError(_NO_UPLOAD)
        return upload

    async def add(
        self,
        principal: Principal,
        dataset_id: str,
        upload_id: str,
        offset: int,
        body: AsyncIterator[bytes],
    ) -> Upload:
        """Keep the next bytes, whole or not at all; none, at the end, changes nothing.

        Raises ConflictError when they are not the next ones, InvalidError when they are too few,
        TooLargeError when they are too many.
        """
        require_scope(principal, Scope.WRITE)
        upload = await self.get(principal, dataset_id, upload_id)
        if offset != upload.received_bytes or upload.is_done:
            raise ConflictError(f"Go on at byte {upload.received_bytes} of {upload.size_bytes}.")
        left = upload.size_bytes - offset
        if not left:
            return upload
        key = f"uploads/{upload.id}/{offset:010d}-{new_id('pt')}"
        capped = _cap(body, min(left, MAX_CHUNK_BYTES))
        info = await self._blobs.put(key, capped, content_type="application/octet-stream")
        try:
            if info.bytes < min(left, MIN_CHUNK_BYTES):
                raise InvalidError(
                    f"Send at least {MIN_CHUNK_BYTES // 1024} KiB at once, or all that is left."
                )
            now = self._clock.now()
            grown = upload.changed(
                now,
                parts=(*upload.parts, key),
                received_bytes=offset + info.bytes,
                expires_at=now + UPLOAD_LASTS,
            )
            return await self._uploads.replace(grown)
        except BaseException as error:
            await finish_anyway(self._blobs.delete(key))
            if isinstance(error, StaleError):
                raise ConflictError("Other bytes came first; ask where to go on.") from error
            raise

    async def finish(self, principal: Principal, upload: Upload) -> AsyncIterator[Taken]:
        """Take in what has come whole, as any other file; then its parts are dropped.

        Again, after an answer that was lost, is the same: the same bytes are the same item. Raises as
        `Imports.add` does, and InvalidError when the bytes are not those that were announced.
        """
        image = NewImage(filename=upload.filename, caption=upload.caption)
        try:
            body = self._read(upload)
            async for taken in self._imports.add(principal, upload.dataset, body, image):
                yield taken
        except (RefusedError, NotFoundError):
            await self._close(upload)
            raise
        await self._close(upload)

    async def drop(self, principal: Principal, dataset_id: str, upload_id: str) -> None:
        """Forget an upload and what has come of it."""
        require_scope(principal, Scope.WRITE)
        await self._forget(await self.get(principal, dataset_id, upload_id))

    async def sweep(self) -> None:
        """Forget uploads with which nobody went on."""
        async for upload in iterate(self._uploads, {"expires_at": Below(self._clock.now())}):
            await self._forget(upload)

    async def _read(self, upload: Upload) -> AsyncIterator[bytes]:
        """Yield all bytes; whoever takes them acts after the last, so wrong ones do no harm."""
        digest = hashlib.sha256()
        for key in upload.parts:
            async for chunk in self._blobs.read(key):
                digest.update(chunk)
                yield chunk
        if digest.hexdigest() != upload.sha256:
            raise InvalidError("These are not the bytes that were announced; send the file anew.")

    async def _find(self, principal: Principal, dataset_id: str, sha256: str) -> Upload | None:
        where = {"account": principal.account, "dataset": dataset_id, "sha256": sha256}
        found = await self._uploads.find({**where}, limit=1)
        return found[0] if found else None

    async def _forget(self, upload: Upload) -> None:
        closed = await self._close(upload)
        with contextlib.suppress(StaleError):
            if closed is not None:
                await self._uploads.delete(closed)

    async def _close(self, upload: Upload) -> Upload | None:
        """Mark an upload as done, then give back its quota, once, and delete its parts; None: it is gone.

        The mark is a compare-and-set, so bytes that come in meanwhile are not kept.
        """
        while not upload.is_done:
            try:
                done = upload.changed(self._clock.now(), is_done=True, parts=())
                upload = await self._uploads.replace(done)
                await self._accounts.reserve_storage(upload.account, -upload.size_bytes)
            except StaleError:
                try:
                    upload = await self._uploads.get(upload.id)
                except NotFoundError:
                    return None
        async for key in self._blobs.list(f"uploads/{upload.id}/"):
            await self._blobs.delete(key)
        return upload


def _check(new: NewUpload) -> None:
    if new.size_bytes < 1:
        raise InvalidError("This file is empty. Send a picture, or a zip of pictures.")
    if new.size_bytes > MAX_ZIP_BYTES:
        most = MAX_ZIP_BYTES // 1024**2
        raise TooLargeError(f"A file has at most {most} MiB; send it in parts.")
    if not _SHA256.fullmatch(new.sha256):
        raise InvalidError("Give the file's SHA-256 as 64 hexadecimal digits in lower case.")


async def _cap(body: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in body:
        size += len(chunk)
        if size > most:
            raise TooLargeError(f"At most {most} bytes are taken here at once.")
        yield chunk
