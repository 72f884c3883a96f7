"""Blobs in an S3 bucket: an object is a blob, its hash is kept in the object's metadata."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, Self

from aiohttp.helpers import content_disposition_header
from botocore.exceptions import ClientError

from adapters.s3.connection import S3Options, make_client
from adapters.s3.errors import DRIVER_ERRORS, is_ended, is_out_of_range, is_taken, translate
from adapters.s3.spool import Spool
from adapters.s3.uploads import Upload
from core.blob_keys import check_key, check_prefix
from core.endings import finish_anyway
from core.errors import AlreadyExistsError, DamagedError, UnavailableError
from core.ports import BlobInfo

_CHUNK_BYTES = 256 * 1024
_HASH = "sha256"
_MARK = "mark"
"""Random, new with each write: tells a write whose answer was lost from somebody else's."""
_MARK_BYTES = 9
_ADDRESS_S = 300
"""How long a download may take to begin; one that began goes on."""
_RESUME_PAUSES_S = (0.1, 0.4, 1.6, 5.0)
"""Before a cut download goes on; counted anew whenever some bytes came."""


class S3Blobs:
    """A bucket, for one event loop; entered, it has looked whether the bucket is there."""

    def __init__(self, options: S3Options) -> None:
        self._options = options
        self._client: Any = None  # aioboto3 has no types
        self._signer: Any = None
        """A client of the address that people know; it asks for nothing, it only signs."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect. Raises UnavailableError when the bucket is not there or may not be used."""
        try:
            self._client = await self._stack.enter_async_context(make_client(self._options))
            await self._client.head_bucket(Bucket=self._options.bucket)
            if public := self._options.download_url:
                signer = make_client(self._options, public)
                self._signer = await self._stack.enter_async_context(signer)
        except (*DRIVER_ERRORS, ValueError) as error:
            await self._stack.aclose()
            if isinstance(error, ValueError):
                raise UnavailableError(
                    "TRAINYARD_S3_ENDPOINT_URL or TRAINYARD_S3_DOWNLOAD_URL is no address."
                ) from error
            if isinstance(error, ClientError) and str(error.response["Error"]["Code"]) == "404":
                raise UnavailableError(
                    f"There is no S3 bucket {self._options.bucket}; make it, or check "
                    "TRAINYARD_S3_BUCKET."
                ) from error
            raise translate(error, "") from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        check_key(key)
        with Spool() as spool:
            async for chunk in body:
                # to its end: a cancelled caller must not close the file beneath it
                await finish_anyway(asyncio.to_thread(spool.add, chunk))
            info = BlobInfo(
                key=key, bytes=spool.bytes, content_type=content_type, sha256=spool.sha256
            )
            await self._send(spool, info, if_absent)
        return info

    async def _send(self, spool: Spool, info: BlobInfo, if_absent: bool) -> None:
        mark = secrets.token_urlsafe(_MARK_BYTES)
        headers = {
            "ContentType": info.content_type,
            "Metadata": {_HASH: info.sha256, _MARK: mark},
            **self._options.encryption_headers,
        }
        condition = {"IfNoneMatch": "*"} if if_absent else {}
        place = {"Bucket": self._options.bucket, "Key": info.key}
        try:
            await Upload(self._client, place, headers, condition).send(spool)
        except DRIVER_ERRORS as error:
            # a repeated request finds what the first one did, whose answer was lost
            if (is_taken(error) or is_ended(error)) and await self._has_mark(info.key, mark):
                return
            if is_taken(error):
                raise AlreadyExistsError(f"The blob {info.key} exists.", key="key") from error
            raise translate(error, info.key) from error

    async def _has_mark(self, key: str, mark: str) -> bool:
        try:
            found = await self._client.head_object(Bucket=self._options.bucket, Key=key)
        except DRIVER_ERRORS as error:
            raise translate(error, key) from error
        return bool(found["Metadata"].get(_MARK) == mark)

    async def info(self, key: str) -> BlobInfo:
        check_key(key)
        try:
            found = await self._client.head_object(Bucket=self._options.bucket, Key=key)
        except DRIVER_ERRORS as error:
            raise translate(error, key) from error
        if _HASH not in found["Metadata"]:
            raise DamagedError(f"The blob {key} was not written by Trainyard; nothing was changed.")
        return BlobInfo(
            key=key,
            bytes=found["ContentLength"],
            content_type=found["ContentType"],
            sha256=found["Metadata"][_HASH],
        )

    async def read(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        check_key(key)
        at, etag = start, ""
        pauses = iter(_RESUME_PAUSES_S)
        while True:
            answer = await self._get(key, at, etag)
            if answer is None:
                return
            etag, end = answer["ETag"], at + answer["ContentLength"]
            cut: Exception | None = None
            async with answer["Body"] as body:
                try:
                    while chunk := await body.content.read(_CHUNK_BYTES):
                        at += len(chunk)
                        pauses = iter(_RESUME_PAUSES_S)
                        yield chunk
                except DRIVER_ERRORS as error:
                    cut = error
            if at >= end:
                return
            pause_s = next(pauses, None)
            if pause_s is None:
                raise UnavailableError(f"The blob {key} could not be read to its end.") from cut
            await asyncio.sleep(pause_s)

    async def _get(self, key: str, at: int, etag: str) -> Any:  # a response; aioboto3 has no types
        """Ask for a blob from a place on, of one that was begun the same one; None is behind its end."""
        where = {"Range": f"bytes={at}-"} if at else {}
        same = {"IfMatch": etag} if etag else {}
        try:
            return await self._client.get_object(
                Bucket=self._options.bucket, Key=key, **where, **same
            )
        except DRIVER_ERRORS as error:
            if is_out_of_range(error):
                return None
            if is_taken(error):
                raise UnavailableError(f"The blob {key} was replaced while it was read.") from error
            raise translate(error, key) from error

    async def delete(self, key: str) -> None:
        check_key(key)
        try:
            await self._client.delete_object(Bucket=self._options.bucket, Key=key)
        except DRIVER_ERRORS as error:
            raise translate(error, key) from error

    async def list(self, prefix: str) -> AsyncIterator[str]:
        check_prefix(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._options.bucket, Prefix=prefix
        )
        try:
            async for page in pages:
                for found in page.get("Contents", ()):
                    yield found["Key"]
        except DRIVER_ERRORS as error:
            raise translate(error, prefix) from error

    async def find_address(self, key: str, *, content_type: str, save_as: str) -> str | None:
        if self._signer is None:
            return None
        wanted = {
            "Bucket": self._options.bucket,
            "Key": check_key(key),
            "ResponseContentType": content_type,
            "ResponseContentDisposition": content_disposition_header(
                "attachment", filename=save_as
            ),
        }
        try:
            address = await self._signer.generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=_ADDRESS_S
            )
        except DRIVER_ERRORS as error:
            raise translate(error, key) from error
        return str(address)
