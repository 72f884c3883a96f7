"""Garbage collection: blobs that no record names are deleted once they have been so for longer than the grace.

Bytes come before the record that names them, so a blob without a record may be one that is just coming in.
Each is noted when it is first seen without a record, and looked at once more before it is deleted.
"""

import contextlib
import hashlib
import logging

from core.errors import AlreadyExistsError, StaleError
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.records import Below
from core.storage.pins import Pin, Pins
from core.storage.records import StorageReport, StorageRules, Stray

_log = logging.getLogger(__name__)
MAX_NAMED = 100


class Collection:
    """Finds strays and deletes them."""

    def __init__(
        self,
        strays: Documents[Stray],
        pins: Pins,
        blobs: Blobs,
        clock: Clock,
        rules: StorageRules,
    ) -> None:
        self._strays = strays
        self._pins = pins
        self._blobs = blobs
        self._clock = clock
        self._rules = rules

    async def collect(self) -> StorageReport:
        """Look at every blob; delete those that were strays for longer than the grace, note the others."""
        blobs = strays = deleted = 0
        stray_keys, unknown_keys = list[str](), list[str]()
        began = self._clock.now()
        async for key in self._blobs.list(""):
            blobs += 1
            pin = await self._pins.find(key)
            if pin is Pin.UNKNOWN:
                unknown_keys += [key] if len(unknown_keys) < MAX_NAMED else []
            elif pin is Pin.STRAY:
                strays += 1
                stray_keys += [key] if len(stray_keys) < MAX_NAMED else []
                deleted += await self._take(key)
        async for stray in iterate(self._strays, {"created_at": Below(began)}):
            await self._forget(stray)
        if deleted:
            _log.info("storage: %d blobs that no record named were deleted", deleted)
        return StorageReport(
            blobs=blobs,
            strays=strays,
            stray_keys=tuple(stray_keys),
            unknown_keys=tuple(unknown_keys),
            deleted=deleted,
        )

    async def _take(self, key: str) -> bool:
        """Note a stray, or delete one that was noted long enough ago; say whether it is gone."""
        known = await self._strays.find({"key": key}, limit=1)
        now = self._clock.now()
        if not known:
            stray = Stray(id=name_stray(key), created_at=now, updated_at=now, key=key)
            with contextlib.suppress(AlreadyExistsError):  # another collection saw it too
                await self._strays.insert(stray)
            return False
        if now - known[0].created_at < self._rules.stray_grace:
            return False
        if await self._pins.find(key) is not Pin.STRAY:
            return False
        await self._blobs.delete(key)
        await self._drop(known[0])
        return True

    async def _forget(self, stray: Stray) -> None:
        """Drop the note of a blob that is gone, or that has a record: it begins anew should it lose that again."""
        is_there = [key async for key in self._blobs.list(stray.key) if key == stray.key]
        if not is_there or await self._pins.find(stray.key) is not Pin.STRAY:
            await self._drop(stray)

    async def _drop(self, stray: Stray) -> None:
        with contextlib.suppress(StaleError):
            await self._strays.delete(stray)


def name_stray(key: str) -> str:
    """Make the id of a blob's note from its key, so that there is one."""
    return f"st_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
