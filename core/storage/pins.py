"""Whether a record names a blob; apart because deleting one that a record names would lose somebody's work."""

from dataclasses import dataclass
from enum import Enum

from core.datasets.records import Item, Snapshot, Upload
from core.downloads import DownloadLink
from core.errors import NotFoundError
from core.jobs.queue import LIVE_STATES
from core.jobs.records import TERMINAL, Job
from core.models.records import TrainedModel
from core.paging import iterate
from core.ports import Documents
from core.records import Condition

PROBES = "health"
"""Where readiness writes; nothing there outlives its probe."""


class Pin(Enum):
    """What is known of a blob."""

    PINNED = "pinned"
    STRAY = "stray"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PinStores:
    """What names blobs."""

    items: Documents[Item]
    snapshots: Documents[Snapshot]
    uploads: Documents[Upload]
    download_links: Documents[DownloadLink]
    jobs: Documents[Job]
    models: Documents[TrainedModel]


class Pins:
    """Looks a key up where its place says that it belongs."""

    def __init__(self, stores: PinStores) -> None:
        self._stores = stores

    async def find(self, key: str) -> Pin:
        """Tell whether a record names this blob now; a job that has not ended keeps all of its own."""
        match key.split("/"):
            case ["datasets", dataset, item, _]:
                is_pinned = await self._is_of_item(key, dataset, item)
            case ["jobs", job, *_]:
                is_pinned = await self._is_of_job(key, job)
            case ["uploads", upload, _]:
                is_pinned = await self._is_of_upload(key, upload)
            case ["exports", _]:
                is_pinned = await self._is_exported(key)
            case [place, _] if place == PROBES:
                is_pinned = False
            case _:
                return Pin.UNKNOWN
        return Pin.PINNED if is_pinned else Pin.STRAY

    async def _is_of_item(self, key: str, dataset: str, item_id: str) -> bool:
        """An item's row stays until its bytes are deleted; a live job's snapshot names them too."""
        try:
            await self._stores.items.get(item_id)
            return True
        except NotFoundError:
            pass
        where: dict[str, Condition] = {"dataset": dataset, "status": LIVE_STATES}
        async for job in iterate(self._stores.jobs, where):
            snapshot = await self._stores.snapshots.get(job.snapshot)
            if any(item.blob_key == key for item in snapshot.items):
                return True
        return False

    async def _is_of_job(self, key: str, job_id: str) -> bool:
        try:
            job = await self._stores.jobs.get(job_id)
        except NotFoundError:
            return False
        if job.status not in TERMINAL or job.needs_settling:
            return True
        return key in list_job_keys(job) or key in await self._list_model_keys(job)

    async def _list_model_keys(self, job: Job) -> frozenset[str]:
        if job.model is None:
            return frozenset()
        try:
            return list_model_keys(await self._stores.models.get(job.model))
        except NotFoundError:
            return frozenset()

    async def _is_of_upload(self, key: str, upload_id: str) -> bool:
        try:
            upload = await self._stores.uploads.get(upload_id)
        except NotFoundError:
            return False
        return key in upload.parts

    async def _is_exported(self, key: str) -> bool:
        links = iterate(self._stores.download_links, {"is_export": True})
        return any([link.file.key == key async for link in links])


def list_job_keys(job: Job) -> frozenset[str]:
    """List the blobs that a job's record names."""
    kept = (job.checkpoint, job.previous_checkpoint) if job.status not in TERMINAL else ()
    named = {file.key for file in job.artifacts}
    named.update(sample.file.key for sample in job.samples)
    named.update(picture.file.key for picture in job.pictures)
    named.update(file.key for checkpoint in kept if checkpoint for file in checkpoint.files)
    return frozenset(named)


def list_model_keys(model: TrainedModel) -> frozenset[str]:
    """List the blobs that a model's record names."""
    named = {file.key for file in model.files}
    named.update(sample.file.key for sample in model.samples)
    return frozenset(named)
