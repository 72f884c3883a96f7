"""Snapshots: the frozen list a job trains on, and the bytes that must live for it."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from datetime import timedelta

from core.accounts.service import Accounts
from core.datasets.records import Dataset, Item, ItemState, Snapshot, SnapshotItem
from core.datasets.service import Datasets
from core.errors import NotFoundError, RefusedError, StaleError
from core.jobs.records import TERMINAL, Job, Status
from core.ports import Blobs, Clock, Documents
from core.records import OneOf, new_id

_SUBMIT_GRACE = timedelta(minutes=10)
_LIVE = OneOf(tuple(status.value for status in Status if status not in TERMINAL))


class Snapshots:
    """Takes snapshots and removes the bytes that no dataset shows and no job needs."""

    def __init__(
        self,
        snapshots: Documents[Snapshot],
        items: Documents[Item],
        jobs: Documents[Job],
        datasets: Datasets,
        accounts: Accounts,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._snapshots = snapshots
        self._items = items
        self._jobs = jobs
        self._datasets = datasets
        self._accounts = accounts
        self._blobs = blobs
        self._clock = clock

    async def take(self, dataset: Dataset) -> Snapshot:
        """Freeze the active items; the same list again is the same snapshot."""
        items = tuple(
            SnapshotItem(
                item=item.id,
                contributor=item.contributor,
                sha256=item.sha256,
                blob_key=item.blob_key,
                content_type=item.content_type,
                caption=item.captions.get(dataset.default_caption_set, ""),
                width_px=item.width_px,
                height_px=item.height_px,
            )
            for item in await self._datasets.list_active(dataset.id)
        )
        digest = compute_digest(items)
        where = {"dataset": dataset.id, "digest": digest}
        known = await self._snapshots.find(where, order="-created_at", limit=1)
        if known and known[0].items == items:
            return known[0]
        now = self._clock.now()
        snapshot = Snapshot(
            id=new_id("sn"),
            created_at=now,
            updated_at=now,
            dataset=dataset.id,
            dataset_name=dataset.name,
            digest=digest,
            items=items,
        )
        return await self._snapshots.insert(snapshot)

    async def get(self, snapshot_id: str) -> Snapshot:
        return await self._snapshots.get(snapshot_id)

    def read(self, item: SnapshotItem) -> AsyncIterator[bytes]:
        return self._blobs.read(item.blob_key)

    async def check_bytes(self, snapshot_id: str) -> None:
        """Raise RefusedError when the pictures of a snapshot are gone."""
        snapshot = await self._snapshots.get(snapshot_id)
        for item in snapshot.items:
            try:
                await self._blobs.info(item.blob_key)
            except NotFoundError as error:
                raise RefusedError(
                    "Pictures of this training were deleted since; submit the dataset as it is now."
                ) from error

    async def sweep(self) -> int:
        """Delete the bytes of withdrawn items that no live job needs; return how many items went."""
        withdrawn = await self._items.find({"state": ItemState.WITHDRAWN}, limit=500)
        pinned: dict[str, frozenset[str]] = {}
        settled_before = self._clock.now() - _SUBMIT_GRACE  # a submit may be pinning it right now
        removed = 0
        for item in withdrawn:
            if item.dataset not in pinned:
                pinned[item.dataset] = await self._list_pinned(item.dataset)
            if item.blob_key in pinned[item.dataset] or item.updated_at > settled_before:
                continue
            try:
                await self._items.delete(item)
            except StaleError:
                continue
            await self._blobs.delete(item.blob_key)
            await self._blobs.delete(item.thumbnail_key)
            await self._accounts.reserve_storage(item.contributor, -item.bytes)
            removed += 1
        return removed

    async def _list_pinned(self, dataset_id: str) -> frozenset[str]:
        jobs = await self._jobs.find({"dataset": dataset_id, "status": _LIVE})
        keys: set[str] = set()
        for snapshot_id in {job.snapshot for job in jobs}:
            snapshot = await self._snapshots.get(snapshot_id)
            keys.update(item.blob_key for item in snapshot.items)
        return frozenset(keys)


def compute_digest(items: Iterable[SnapshotItem]) -> str:
    """Hash the ordered (sha256, caption) list."""
    content = [[item.sha256, item.caption] for item in items]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
