"""Snapshots: the frozen list a job trains on; what becomes of their bytes is retention.py's."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence

from core.datasets.records import Dataset, Item, ItemState, Snapshot, SnapshotItem
from core.datasets.service import Datasets
from core.errors import AlreadyExistsError, NotFoundError, RefusedError, StaleError
from core.ports import Blobs, Clock, Documents

_GONE = "Pictures of this training were deleted since; submit the dataset as it is now."


class Snapshots:
    """Takes snapshots, and keeps the pictures of old ones for those who train on them again."""

    def __init__(
        self,
        snapshots: Documents[Snapshot],
        items: Documents[Item],
        datasets: Datasets,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._snapshots = snapshots
        self._items = items
        self._datasets = datasets
        self._blobs = blobs
        self._clock = clock

    async def take(self, dataset: Dataset, chosen: Sequence[Item] | None = None) -> Snapshot:
        """Freeze the active items, or those chosen; the same list is the same snapshot, also for two takes at once."""
        listed = await self._datasets.list_active(dataset.id) if chosen is None else chosen
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
            for item in listed
        )
        now = self._clock.now()
        snapshot = Snapshot(
            id=name_snapshot(dataset.id, items),
            created_at=now,
            updated_at=now,
            dataset=dataset.id,
            dataset_name=dataset.name,
            digest=compute_digest(items),
            items=items,
        )
        try:
            return await self._snapshots.insert(snapshot)
        except AlreadyExistsError:
            return await self._snapshots.get(snapshot.id)

    async def get(self, snapshot_id: str) -> Snapshot:
        return await self._snapshots.get(snapshot_id)

    def read(self, item: SnapshotItem) -> AsyncIterator[bytes]:
        return self._blobs.read(item.blob_key)

    async def renew(self, snapshot_id: str) -> None:
        """Keep the pictures of a snapshot until a job can pin it. Raises RefusedError when one is gone.

        Each withdrawn item is written once more: its grace begins anew, and a sweep that looked at
        it before this finds it changed and leaves it.
        """
        snapshot = await self._snapshots.get(snapshot_id)
        for frozen in snapshot.items:
            while True:
                try:
                    item = await self._items.get(frozen.item)
                    if item.state is ItemState.GONE:
                        raise RefusedError(_GONE)
                    if item.state is ItemState.WITHDRAWN:
                        await self._items.replace(item.changed(self._clock.now()))
                    break
                except NotFoundError as error:
                    raise RefusedError(_GONE) from error
                except StaleError:
                    continue


def compute_digest(items: Iterable[SnapshotItem]) -> str:
    """Hash the ordered (sha256, caption) list."""
    content = [[item.sha256, item.caption] for item in items]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def name_snapshot(dataset_id: str, items: Iterable[SnapshotItem]) -> str:
    """Make the id of a snapshot from all that it says, so that one list has one snapshot."""
    content = [dataset_id, *(item.model_dump_json() for item in items)]
    digest = hashlib.sha256("\n".join(content).encode()).digest()
    return "sn_" + base64.b32encode(digest[:10]).decode().lower()
