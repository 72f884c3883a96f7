"""A job's files between the store and the worker's scratch folder; the child never sees the store."""

import asyncio
import hashlib
import logging
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from core.datasets.records import Snapshot
from core.errors import NotFoundError, TrainingError, UnavailableError
from core.generations.records import GenerationSpec
from core.jobs.records import TERMINAL, Checkpoint, Job, StoredFile
from core.offerings.records import TrainingSpec
from core.ports import Blobs
from core.studio import Studio
from worker.messages import LoraFile, TaskImage

_log = logging.getLogger(__name__)
_KEPT_CHECKPOINTS = 2
_CHUNK_BYTES = 1024 * 1024
_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_CONTENT_TYPES = {".png": "image/png", ".json": "application/json", ".md": "text/markdown"}


async def fetch_images(studio: Studio, snapshot: Snapshot, folder: Path) -> tuple[TaskImage, ...]:
    """Write a snapshot's pictures to a folder and check each against its hash.

    Raises TrainingError (`invalid_data`) when one is gone or differs from what was submitted.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images: list[TaskImage] = []
    for index, item in enumerate(snapshot.items):
        name = f"images/{index:05d}{_SUFFIXES.get(item.content_type, '.img')}"
        try:
            digest = await _write(studio.snapshots.read(item), folder / name)
        except NotFoundError as error:
            raise _invalid(index) from error
        if digest != item.sha256:
            raise _invalid(index)
        images.append(TaskImage(file=name, caption=item.caption, sha256=item.sha256))
    return tuple(images)


async def fetch_start(blobs: Blobs, spec: TrainingSpec, folder: Path) -> Path | None:
    """Write the LoRA that a training goes on from to a folder; None when it starts from none.

    Raises TrainingError (`invalid_data`) when it is gone or differs from what was submitted.
    """
    if spec.start is None:
        return None
    place = folder / "start.safetensors"
    try:
        digest = await _write(blobs.read(spec.start.key), place)
    except NotFoundError:
        digest = ""
    if digest != spec.start.sha256:
        raise TrainingError(
            "The model that this training goes on from is damaged or gone; train without it. All "
            "points were returned.",
            code="invalid_data",
        )
    return place


async def fetch_checkpoints(blobs: Blobs, job: Job, folder: Path) -> list[tuple[int, Path]]:
    """Bring a job's checkpoints as (step, folder), the newest first; those that are not whole are left out."""
    found = []
    for checkpoint in (job.checkpoint, job.previous_checkpoint):
        if checkpoint is not None:
            place = await _fetch_checkpoint(blobs, checkpoint, folder)
            found += [(checkpoint.step, place)] if place is not None else []
    return found


async def _fetch_checkpoint(blobs: Blobs, checkpoint: Checkpoint, folder: Path) -> Path | None:
    """Write a checkpoint's files to a folder; None when one is gone or torn, so an older one is tried."""
    place = folder / f"resume{checkpoint.step}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for file in checkpoint.files:
        try:
            digest = await _write(blobs.read(file.key), place / file.name)
        except NotFoundError:
            return None
        if digest != file.sha256:
            return None
    return place


async def fetch_loras(blobs: Blobs, spec: GenerationSpec, folder: Path) -> tuple[LoraFile, ...]:
    """Write a generation's LoRAs to a folder and check each against its hash.

    Raises TrainingError (`bad_lora`) when one is gone or differs from what was submitted.
    """
    (folder / "loras").mkdir(parents=True, exist_ok=True)
    loras = []
    for index, lora in enumerate(spec.loras):
        file = folder / "loras" / f"{index}.safetensors"
        try:
            digest = await _write(blobs.read(lora.key), file)
        except NotFoundError:
            digest = ""
        if digest != lora.sha256:
            raise TrainingError(
                f"The file of “{lora.name}” is damaged or gone; draw without it. All points were "
                "returned.",
                code="bad_lora",
            )
        loras.append(LoraFile(name=lora.name, file=file, sha256=lora.sha256, weight=lora.weight))
    return tuple(loras)


async def store_files(blobs: Blobs, prefix: str, files: Sequence[Path]) -> tuple[StoredFile, ...]:
    """Upload files below a prefix and describe them; the same again replaces."""
    stored = []
    for file in files:
        content_type = _CONTENT_TYPES.get(file.suffix, "application/octet-stream")
        key = f"{prefix}/{file.name}"
        info = await blobs.put(key, _read(file), content_type=content_type)
        stored.append(
            StoredFile(
                name=file.name,
                key=key,
                sha256=info.sha256,
                bytes=info.bytes,
                content_type=content_type,
            )
        )
    return tuple(stored)


async def store_checkpoint(blobs: Blobs, prefix: str, step: int, folder: Path) -> Checkpoint | None:
    """Upload a checkpoint; None where it is not kept: training goes on, it is there for the worse case."""
    place = f"{prefix}/{step:07d}"
    try:
        saved = await asyncio.to_thread(lambda: sorted(folder.iterdir()))
        return Checkpoint(step=step, files=await store_files(blobs, place, saved))
    except FileNotFoundError:  # the upload was so slow that the child has newer ones by now
        return None
    except UnavailableError as error:
        _log.warning("the checkpoint %s is not kept: %s", place, error)
        async for key in blobs.list(f"{place}/"):
            await blobs.delete(key)
        return None


async def delete_old_checkpoints(blobs: Blobs, prefix: str) -> None:
    """Delete all but the newest two checkpoints of an attempt."""
    keys = [key async for key in blobs.list(f"{prefix}/")]
    steps = sorted({key.removeprefix(prefix).split("/")[1] for key in keys})
    for key in keys:
        if key.removeprefix(prefix).split("/")[1] in steps[:-_KEPT_CHECKPOINTS]:
            await blobs.delete(key)


async def delete_leftovers(blobs: Blobs, job: Job) -> None:
    """Delete what this attempt and those before it left and the record does not name.

    An attempt that came after has a higher token and may be uploading right now: it is left alone.
    """
    named = {file.key for file in job.artifacts}
    named.update(sample.file.key for sample in job.samples)
    named.update(picture.file.key for picture in job.pictures)
    if job.status not in TERMINAL:
        kept = (job.checkpoint, job.previous_checkpoint)
        named.update(file.key for checkpoint in kept if checkpoint for file in checkpoint.files)
    prefix = f"jobs/{job.id}/a"
    async for key in blobs.list(prefix):
        token = key.removeprefix(prefix).split("/", 1)[0]
        if key not in named and int(token) <= job.token:
            await blobs.delete(key)


async def _write(body: AsyncIterator[bytes], file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("wb") as out:
        async for chunk in body:
            digest.update(chunk)
            await asyncio.to_thread(out.write, chunk)
    return digest.hexdigest()


async def _read(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as source:
        while chunk := await asyncio.to_thread(source.read, _CHUNK_BYTES):
            yield chunk


def _invalid(index: int) -> TrainingError:
    return TrainingError(
        f"Picture {index + 1} of the dataset is damaged or gone; remove it and submit again. "
        "All points were returned.",
        code="invalid_data",
    )
