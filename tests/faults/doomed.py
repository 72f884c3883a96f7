"""A real worker or server that ends itself by SIGKILL right after a named write.

The writes are intercepted where they reach the store, so no code of the product knows of faults.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import worker.tasks
from adapters.files import FileBlobs
from adapters.sqlite.documents import SqliteDocuments
from config.cli import main
from config.wiring import WallClock
from core.accounts.records import Account
from core.datasets.records import Item, Snapshot
from core.jobs.records import Job, LossChunk, Status
from core.models.records import TrainedModel
from core.notifications.records import Notification
from core.points.records import Entry, EntryKind, Transfer
from core.ports import BlobInfo
from core.records import Record
from tests.faults.disk_sites import SITES, fill_disk
from tests.faults.painting import PaintingNursery, SlowNursery

Written = Callable[[Record], bool]


def _job(status: Status, *, settled: bool | None = None) -> Written:
    def matches(record: Record) -> bool:
        if not isinstance(record, Job) or record.status is not status:
            return False
        return settled is None or (record.needs_settling is None) == settled

    return matches


RECORDS: dict[str, Written] = {
    # the server's saga of a submission, and an intake
    "snapshot taken": lambda r: isinstance(r, Snapshot),
    "job pending": _job(Status.PENDING),
    "points held": lambda r: isinstance(r, Entry) and r.kind is EntryKind.HOLD,
    "job queued": _job(Status.QUEUED),
    "storage reserved": lambda r: isinstance(r, Account) and r.storage_bytes > 0,
    "item inserted": lambda r: isinstance(r, Item),
    # the saga of a transfer
    "transfer kept": lambda r: isinstance(r, Transfer),
    "points given": lambda r: isinstance(r, Entry) and r.kind is EntryKind.TRANSFER_OUT,
    "points received": lambda r: isinstance(r, Entry) and r.kind is EntryKind.TRANSFER_IN,
    # the worker's
    "claimed": _job(Status.PREPARING),
    "running": _job(Status.RUNNING),
    "losses written": lambda r: isinstance(r, LossChunk),
    "sample named": lambda r: isinstance(r, Job) and bool(r.samples),
    "picture named": lambda r: isinstance(r, Job) and bool(r.pictures),
    "caption written": lambda r: isinstance(r, Item) and "auto" in r.captions,
    "caption counted": lambda r: isinstance(r, Job) and r.looked_at == 2,
    "checkpoint named": lambda r: isinstance(r, Job) and r.checkpoint is not None,
    "finishing": _job(Status.FINISHING),
    "completed": _job(Status.COMPLETED, settled=False),
    "model made": lambda r: isinstance(r, TrainedModel),
    "points settled": lambda r: isinstance(r, Entry) and r.kind is EntryKind.SETTLE,
    "news written": lambda r: isinstance(r, Notification),
    "all done": _job(Status.COMPLETED, settled=True),
}
PAINTERS = {"painter": PaintingNursery, "slow painter": SlowNursery}
BLOBS: dict[str, str] = {
    "picture stored": "/image",
    "sample stored": "/sample-",
    "checkpoint half stored": "/checkpoints/",
    "weights stored": "/lora.safetensors",
    "picture drawn": "/2.png",
    "first picture drawn": "/0.png",
}


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _doom_records(matches: Written) -> None:
    insert, replace = SqliteDocuments.insert, SqliteDocuments.replace

    async def doomed_insert(self: SqliteDocuments[Any], record: Record) -> Any:  # any record class
        stored = await insert(self, record)
        if matches(stored):
            _die()
        return stored

    async def doomed_replace(self: SqliteDocuments[Any], record: Record) -> Any:  # any record class
        stored = await replace(self, record)
        if matches(stored):
            _die()
        return stored

    SqliteDocuments.insert = doomed_insert  # type: ignore[method-assign]
    SqliteDocuments.replace = doomed_replace  # type: ignore[method-assign]


def _doom_blobs(part: str) -> None:
    put = FileBlobs.put

    async def doomed_put(
        self: FileBlobs,
        key: str,
        body: AsyncIterator[bytes],
        *,
        content_type: str,
        if_absent: bool = False,
    ) -> BlobInfo:
        info = await put(self, key, body, content_type=content_type, if_absent=if_absent)
        if part in key:
            _die()
        return info

    FileBlobs.put = doomed_put  # type: ignore[method-assign]


def run(point: str, command: str) -> None:
    """Be a process of Trainyard until it ends: `worker`, `serve`, or a worker without torch.

    The point is where it dies, `never`, or by how many seconds its clock is off.
    """
    if command in PAINTERS:
        setattr(worker.tasks, "Nursery", PAINTERS[command])  # noqa: B010  # no name that it exports
        command = "worker"
    if point in RECORDS:
        _doom_records(RECORDS[point])
    elif point in BLOBS:
        _doom_blobs(BLOBS[point])
    elif point in SITES:
        fill_disk(SITES[point])
    elif point != "never":
        _shift_clock(timedelta(seconds=float(point)))
    sys.argv = ["trainyard", command]
    main()


def _shift_clock(by: timedelta) -> None:
    now = WallClock.now
    WallClock.now = lambda self: now(self) + by  # type: ignore[method-assign]
