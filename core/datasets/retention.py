"""How long pictures are kept: deleted when no dataset shows them and no job needs them, and not before."""

import contextlib
from datetime import timedelta

from core.accounts.service import Accounts
from core.datasets.records import Dataset, Item, ItemState, Snapshot
from core.datasets.service import Datasets
from core.errors import NotFoundError, StaleError
from core.jobs.queue import LIVE_STATES
from core.jobs.records import Job
from core.paging import cursor_behind, iterate
from core.ports import Blobs, Clock, Documents
from core.records import Condition, Cursor, OneOf

GRACE = timedelta(minutes=10)
"""A submission that saw an item active, or renewed it, has pinned it by then."""
_PAGE = 500
_LEAVING = OneOf((ItemState.WITHDRAWN.value, ItemState.GONE.value))


class Retention:
    """Removes what is not needed any more; each run looks at one page, so it is bounded."""

    def __init__(
        self,
        deleted: Documents[Dataset],
        datasets: Datasets,
        snapshots: Documents[Snapshot],
        items: Documents[Item],
        jobs: Documents[Job],
        accounts: Accounts,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._deleted = deleted
        self._datasets = datasets
        self._snapshots = snapshots
        self._items = items
        self._jobs = jobs
        self._accounts = accounts
        self._blobs = blobs
        self._clock = clock
        self._after: Cursor | None = None

    async def sweep(self) -> int:
        """Delete the bytes of one page of withdrawn items; the next run goes on behind it.

        So items that stay pinned for hours do not keep the others from being looked at.
        """
        page = await self._items.find({"state": _LEAVING}, limit=_PAGE, after=self._after)
        self._after = cursor_behind(page[-1], "id") if len(page) == _PAGE else None
        withdrawn_before = self._clock.now() - GRACE
        pinned: dict[str, frozenset[str]] = {}
        removed = 0
        for item in page:
            if item.state is ItemState.WITHDRAWN:
                if item.updated_at > withdrawn_before:
                    continue
                if item.dataset not in pinned:
                    pinned[item.dataset] = await self._list_pinned(item.dataset)
                if item.blob_key in pinned[item.dataset]:
                    continue
            removed += await self._remove(item)
        return removed

    async def empty_deleted(self) -> int:
        """Withdraw what came into deleted datasets late, or stayed there because of a crash."""
        now = self._clock.now()
        emptied = 0
        async for dataset in iterate(self._deleted, {"needs_emptying": True}):
            await self._datasets.empty(dataset)
            if dataset.updated_at > now - GRACE:
                continue
            with contextlib.suppress(StaleError):
                await self._deleted.replace(dataset.changed(now, needs_emptying=None))
                emptied += 1
        return emptied

    async def _remove(self, item: Item) -> bool:
        """Mark, then give the quota back, delete the bytes, and last the row.

        The mark is a compare-and-set, so the quota is given back once, and it is refused when
        somebody renewed the item; after a crash another run finds the mark and goes on.
        """
        if item.state is ItemState.WITHDRAWN:
            try:
                item = await self._items.replace(
                    item.changed(self._clock.now(), state=ItemState.GONE)
                )
            except StaleError:
                return False
            with contextlib.suppress(NotFoundError):  # an account that is gone has no quota
                await self._accounts.reserve_storage(item.contributor, -item.bytes)
        await self._blobs.delete(item.blob_key)
        await self._blobs.delete(item.thumbnail_key)
        with contextlib.suppress(StaleError):
            await self._items.delete(item)
        return True

    async def _list_pinned(self, dataset_id: str) -> frozenset[str]:
        """List the blobs of a dataset that live jobs train on, however many jobs there are."""
        where: dict[str, Condition] = {"dataset": dataset_id, "status": LIVE_STATES}
        needed = {job.snapshot async for job in iterate(self._jobs, where)}
        keys: set[str] = set()
        for snapshot_id in needed:
            snapshot = await self._snapshots.get(snapshot_id)
            keys.update(item.blob_key for item in snapshot.items)
        return frozenset(keys)
