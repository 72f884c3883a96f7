"""Backups: records, blobs and the key in one folder, whole although the instance runs; and back again.

Blobs are copied first, then the records at one moment, then the blobs that came meanwhile: a blob is there before
the record that names it, so every record of the copy has its blobs. A second backup into a folder copies what is new.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from adapters.files import FileBlobs
from adapters.sqlite.copying import check_database, copy_database
from config.settings import Settings
from config.signing import open_signer
from config.stores import open_blobs
from core.errors import DamagedError, InvalidError, NotFoundError, RefusedError
from core.ports import BlobInfo, Blobs
from core.records import LAYOUT_VERSION, UtcTime, Value

_DATABASE, _KEY, _MANIFEST = "trainyard.sqlite", "signing.key", "manifest.json"


class Manifest(Value):
    """What a backup holds, and by which it is checked."""

    trainyard: str
    layout: int
    made_at: UtcTime
    database_sha256: str
    """Empty: the records are elsewhere."""
    public_key: str
    blobs: int
    blob_bytes: int


async def back_up(settings: Settings, folder: Path) -> Manifest:
    """Copy everything into a folder; the manifest is written last. Raises TrainyardError."""
    await asyncio.to_thread(_begin, folder)
    signer = open_signer(settings)
    kept = FileBlobs(folder)
    await kept.open()
    async with open_blobs(settings) as blobs:
        before = await _copy_blobs(blobs, kept)
        sha256 = ""
        if not settings.mongodb_url.get_secret_value():
            await copy_database(settings.database_file, folder / f"{_DATABASE}.new")
            (folder / f"{_DATABASE}.new").replace(folder / _DATABASE)
            sha256 = await asyncio.to_thread(_hash, folder / _DATABASE)
        infos = before | await _copy_blobs(blobs, kept)  # the records name what was deleted since
        await _drop_others(kept, infos)
    _keep_key(settings, folder)
    manifest = Manifest(
        trainyard=version("trainyard"),
        layout=LAYOUT_VERSION,
        made_at=datetime.now(UTC),
        database_sha256=sha256,
        public_key=signer.public_key,
        blobs=len(infos),
        blob_bytes=sum(info.bytes for info in infos.values()),
    )
    (folder / _MANIFEST).write_text(manifest.model_dump_json(indent=1))
    return manifest


def _begin(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _MANIFEST).unlink(missing_ok=True)  # until it is whole again, it is none


async def restore(settings: Settings, folder: Path) -> Manifest:
    """Bring a backup into an empty place. Raises InvalidError, RefusedError, DamagedError; records come last."""
    manifest = await _check(settings, folder)
    source = FileBlobs(folder)
    async with open_blobs(settings) as blobs:
        copied = await _copy_blobs(source, blobs)
    if len(copied) != manifest.blobs:
        raise DamagedError(
            f"The backup has {len(copied)} blobs of {manifest.blobs}; look for the rest."
        )
    key = folder / _KEY
    if key.is_file() and not settings.signing_key_file.exists():
        _write_secret(settings.signing_key_file, key.read_bytes())
    if manifest.database_sha256:
        draft = settings.data_folder / f"{_DATABASE}.restored"
        await copy_database(folder / _DATABASE, draft)
        draft.replace(settings.database_file)
    return manifest


async def _check(settings: Settings, folder: Path) -> Manifest:
    """Look at all that must hold before anything is written."""
    try:
        manifest = Manifest.model_validate_json((folder / _MANIFEST).read_text())
    except (OSError, ValidationError) as error:
        raise InvalidError(
            f"{folder} holds no whole backup: {_MANIFEST} is not there or not readable."
        ) from error
    if manifest.layout > LAYOUT_VERSION:
        raise RefusedError(
            f"This backup is of Trainyard {manifest.trainyard} (layout {manifest.layout}; this one "
            f"knows {LAYOUT_VERSION}). Update Trainyard first."
        )
    if manifest.database_sha256:
        if settings.mongodb_url.get_secret_value():
            raise RefusedError(
                "This backup holds a SQLite file; restore it without TRAINYARD_MONGODB_URL, then `trainyard migrate`."
            )
        if settings.database_file.exists():
            raise RefusedError(
                f"{settings.database_file} is there already; restore into an empty data folder."
            )
        if await asyncio.to_thread(_hash, folder / _DATABASE) != manifest.database_sha256:
            raise DamagedError(
                "The backup's database is not as it was written; take another backup."
            )
        await check_database(folder / _DATABASE)
    return manifest


async def _copy_blobs(source: Blobs, target: Blobs) -> dict[str, BlobInfo]:
    """Copy what is not the same there, and return all; one that is deleted meanwhile is left out."""
    infos: dict[str, BlobInfo] = {}
    async for key in source.list(""):
        try:
            info = await source.info(key)
            if await _find(target, key) != info:
                stored = await target.put(key, source.read(key), content_type=info.content_type)
                if stored.sha256 != info.sha256:
                    await target.delete(key)
                    raise DamagedError(f"The blob {key} is damaged; it was not copied.")
        except NotFoundError:
            continue
        infos[key] = info
    return infos


async def _find(blobs: Blobs, key: str) -> BlobInfo | None:
    try:
        return await blobs.info(key)
    except NotFoundError:
        return None


async def _drop_others(kept: Blobs, infos: dict[str, BlobInfo]) -> None:
    """Drop what an earlier backup holds and the instance does not: what people deleted is gone here too."""
    others = [key async for key in _list(kept) if key not in infos]
    for key in others:
        await kept.delete(key)


async def _list(blobs: Blobs) -> AsyncIterator[str]:
    async for key in blobs.list(""):
        yield key


def _keep_key(settings: Settings, folder: Path) -> None:
    """Copy the key file; one that is given by a setting is kept where settings are kept."""
    if not settings.signing_key.get_secret_value():
        _write_secret(folder / _KEY, settings.signing_key_file.read_bytes())


def _write_secret(file: Path, body: bytes) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(body)


def _hash(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
