"""What must work before a server should be asked: each store is really used, not only reached."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

from core.errors import UnavailableError
from core.storage.pins import PROBES
from core.studio import Studio

_WRITE_EVERY_S = 30.0


class BlobProbe:
    """Writes a small blob, reads it back and deletes it; at most twice a minute, for writes cost money."""

    def __init__(self, studio: Studio) -> None:
        self._blobs = studio.blobs
        self._next_s = 0.0

    async def check(self) -> None:
        """Raise when blobs cannot be kept and read."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._next_s:
            return
        key, body = f"{PROBES}/{secrets.token_hex(8)}", secrets.token_bytes(16)
        try:
            await self._blobs.put(key, _once(body), content_type="application/octet-stream")
            read = b"".join([chunk async for chunk in self._blobs.read(key)])
        finally:
            await self._blobs.delete(key)
        if read != body:
            raise UnavailableError("What was read is not what was written.")
        self._next_s = loop.time() + _WRITE_EVERY_S


def list_checks(studio: Studio) -> dict[str, Callable[[], Awaitable[None]]]:
    """List what is looked at, by the name under which it is told."""

    async def check_database() -> None:
        await studio.points.get_balance("nobody")

    blobs = BlobProbe(studio)
    return {"database": check_database, "blobs": blobs.check, "redis": studio.wakeups.check}


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
