"""A spooled body into the store, whole or in parts; either becomes visible with the last request."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from adapters.s3.errors import DRIVER_ERRORS, is_race
from adapters.s3.spool import SMALL_BYTES, Spool
from core.endings import finish_anyway

_log = logging.getLogger(__name__)
_AT_ONCE = 3
_MAX_PARTS = 10_000
"""Source: Amazon S3 multipart upload limits."""
_RACE_PAUSES_S = (0.05, 0.2, 0.8, 2.0)


@dataclass(frozen=True)
class Upload:
    """Where a body goes, what is kept beside it, and the condition under which it becomes visible."""

    client: Any  # aioboto3 has no types
    place: Mapping[str, str]
    headers: Mapping[str, object]
    condition: Mapping[str, str]

    async def send(self, spool: Spool) -> None:
        """Send the body. Raises what the client raises; then nothing of it stays behind."""
        if spool.bytes <= SMALL_BYTES:
            await self._send_whole(spool)
        else:
            await self._send_in_parts(spool)

    async def _send_whole(self, spool: Spool) -> None:
        async def put() -> None:
            body, md5 = await asyncio.to_thread(spool.read, 0, spool.bytes)
            await self.client.put_object(
                **self.place, **self.headers, **self.condition, Body=body, ContentMD5=md5
            )

        await _conclude(put)

    async def _send_in_parts(self, spool: Spool) -> None:
        begun = await self.client.create_multipart_upload(**self.place, **self.headers)
        upload = {**self.place, "UploadId": begun["UploadId"]}
        try:
            parts = await self._send_parts(spool, upload)

            async def complete() -> None:
                await self.client.complete_multipart_upload(
                    **upload, **self.condition, MultipartUpload={"Parts": parts}
                )

            await _conclude(complete)
        except BaseException:
            await finish_anyway(self._abort(upload))
            raise

    async def _send_parts(self, spool: Spool, upload: Mapping[str, str]) -> list[dict[str, object]]:
        part_bytes = max(SMALL_BYTES, -(-spool.bytes // _MAX_PARTS))
        turns = asyncio.Semaphore(_AT_ONCE)

        async def send(number: int) -> dict[str, object]:
            async with turns:
                start = (number - 1) * part_bytes
                body, md5 = await asyncio.to_thread(spool.read, start, part_bytes)
                sent = await self.client.upload_part(
                    **upload, PartNumber=number, Body=body, ContentMD5=md5
                )
            return {"PartNumber": number, "ETag": sent["ETag"]}

        try:
            async with asyncio.TaskGroup() as group:
                numbers = range(1, -(-spool.bytes // part_bytes) + 1)
                tasks = [group.create_task(send(number)) for number in numbers]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]

    async def _abort(self, upload: Mapping[str, str]) -> None:
        """Give the parts up; when even that fails they are left to the bucket's own rules."""
        try:
            await self.client.abort_multipart_upload(**upload)
        except DRIVER_ERRORS:
            _log.warning("an unfinished upload was left in the S3 store: %s", upload["Key"])


async def _conclude(last: Callable[[], Awaitable[None]]) -> None:
    """Send the last request, again while another writer of the same key is at it."""
    for pause_s in _RACE_PAUSES_S:
        try:
            return await last()
        except ClientError as error:
            if not is_race(error):
                raise
        await asyncio.sleep(pause_s * random.uniform(0.5, 1))
    await last()
