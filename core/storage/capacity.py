"""How much all accounts may store together, and how much of the disk stays free: refused before it is full."""

from collections.abc import Callable
from datetime import datetime, timedelta

from core.accounts.records import Account
from core.errors import StorageFullError
from core.ports import Clock, Documents

_COUNT_EVERY = timedelta(seconds=10)
FULL = "This Trainyard's storage is full, so nothing was saved. Please tell its operator."


class Capacity:
    """Counts with bounded reads: what was counted a moment ago, and what this process reserved since."""

    def __init__(
        self,
        accounts: Documents[Account],
        clock: Clock,
        quota_bytes: int,
        keep_free_bytes: int,
        find_free_bytes: Callable[[], int | None],
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._quota_bytes = quota_bytes
        self._keep_free_bytes = keep_free_bytes
        self._find_free_bytes = find_free_bytes
        self._counted_at: datetime | None = None
        self._reserved_bytes = 0

    async def check(self, wanted_bytes: int) -> None:
        """Raise StorageFullError when so much more does not fit; else count it, until it is given back."""
        free_bytes = self._find_free_bytes() if self._keep_free_bytes else None
        if free_bytes is not None and free_bytes - wanted_bytes < self._keep_free_bytes:
            raise StorageFullError(FULL)
        if not self._quota_bytes:
            return
        now = self._clock.now()
        if self._counted_at is None or now - self._counted_at > _COUNT_EVERY:
            where = {"merged_into": None}
            self._reserved_bytes = await self._accounts.sum("storage_bytes", where)
            self._counted_at = now
        if self._reserved_bytes + wanted_bytes > self._quota_bytes:
            raise StorageFullError(FULL)
        self._reserved_bytes += wanted_bytes

    def give_back(self, freed_bytes: int) -> None:
        """Count what was given back, or not taken after all, so that the next who asks finds its room."""
        self._reserved_bytes = max(0, self._reserved_bytes - freed_bytes)
