"""A backup that is taken while people work, restored into an empty place, is whole: records, blobs, key, ledger."""

import asyncio
import stat
from pathlib import Path

import pytest

from adapters.sqlite.copying import copy_database
from config import backup
from config.backup import back_up, restore
from config.settings import Settings
from config.signing import open_signer
from config.wiring import open_studio
from core.accounts.records import Principal
from core.datasets.intake import NewImage
from core.errors import DamagedError, InvalidError, RefusedError
from core.records import LAYOUT_VERSION
from core.studio import Studio
from tests.adapters.web.conftest import once, picture, save


async def gather(
    studio: Studio, principal: Principal, dataset: str, first: int, count: int
) -> None:
    for seed in range(first, first + count):
        body = once(save(picture(seed)))
        await studio.intake.add_image(principal, dataset, body, NewImage(caption=f"flag {seed}"))


async def fill(studio: Studio) -> tuple[Principal, str]:
    account, _ = await studio.accounts.first_contact("test", "mira", "mira")
    principal = studio.accounts.speak_for(account)
    await studio.points.grant(account.id, 100, "start", "to begin with")
    dataset = await studio.datasets.create(principal, "flags")
    await gather(studio, principal, dataset.id, 0, 3)
    return principal, dataset.id


def elsewhere(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"data_folder": folder})


async def test_a_backup_taken_while_people_upload_is_whole(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    async with open_studio(settings) as studio:
        mira, dataset = await fill(studio)
        uploading = asyncio.create_task(gather(studio, mira, dataset, 3, 12))
        manifest = await back_up(settings, copy)
        await uploading
    restored = elsewhere(settings, tmp_path / "restored")
    assert await restore(restored, copy) == manifest
    async with open_studio(restored) as studio:
        assert await studio.points.get_balance(mira.account) == 100
        items = await studio.datasets.list_active(dataset)
        assert 3 <= len(items) <= 15
        report = await studio.operations.storage.report()
        assert report.missing == ()
        assert (await studio.reconciler.reconcile()).is_sound
    assert open_signer(restored).public_key == open_signer(settings).public_key
    assert stat.S_IMODE((copy / "signing.key").stat().st_mode) == 0o600


async def test_a_second_backup_copies_what_is_new_and_drops_what_is_gone(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    async with open_studio(settings) as studio:
        mira, dataset = await fill(studio)
        first = await back_up(settings, copy)
        old = {file: file.stat().st_mtime_ns for file in (copy / "blobs").rglob("image")}
        (gone, *_) = await studio.datasets.list_active(dataset)
        await studio.blobs.delete(gone.blob_key)
        await gather(studio, mira, dataset, 5, 1)
        second = await back_up(settings, copy)
    assert second.blobs == first.blobs - 1 + 2
    left = {file: file.stat().st_mtime_ns for file in old if file.exists()}
    assert len(left) == len(old) - 1 and left.items() <= old.items()


async def test_a_blob_that_is_deleted_behind_the_copy_of_its_record_is_in_the_backup(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    async with open_studio(settings) as studio:
        _, dataset = await fill(studio)
        (gone, *_) = await studio.datasets.list_active(dataset)

        async def copy_and_delete(source: Path, target: Path) -> None:
            await copy_database(source, target)
            await studio.blobs.delete(gone.blob_key)

        monkeypatch.setattr(backup, "copy_database", copy_and_delete)
        manifest = await back_up(settings, copy)
        monkeypatch.undo()
    restored = elsewhere(settings, tmp_path / "restored")
    assert await restore(restored, copy) == manifest
    async with open_studio(restored) as studio:
        assert (await studio.operations.storage.report()).missing == ()


async def test_nothing_is_restored_over_what_is_there_nor_from_what_is_damaged(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    async with open_studio(settings) as studio:
        await fill(studio)
        await back_up(settings, copy)
    with pytest.raises(RefusedError, match="there already"):
        await restore(settings, copy)
    with pytest.raises(InvalidError, match="no whole backup"):
        await restore(elsewhere(settings, tmp_path / "a"), tmp_path / "nowhere")
    image = next((copy / "blobs").rglob("image"))
    body = image.read_bytes()
    image.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    with pytest.raises(DamagedError, match="is damaged"):
        await restore(elsewhere(settings, tmp_path / "b"), copy)
    image.write_bytes(body)
    database = copy / "trainyard.sqlite"
    database.write_bytes(database.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedError, match="not as it was written"):
        await restore(elsewhere(settings, tmp_path / "c"), copy)
    assert not (tmp_path / "c" / "trainyard.sqlite").exists()


async def test_a_backup_of_a_newer_trainyard_is_refused(settings: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    async with open_studio(settings) as studio:
        await fill(studio)
        await back_up(settings, copy)
    manifest = copy / "manifest.json"
    newer = manifest.read_text().replace(f'"layout": {LAYOUT_VERSION}', '"layout": 99')
    manifest.write_text(newer)
    with pytest.raises(RefusedError, match="Update Trainyard first"):
        await restore(elsewhere(settings, tmp_path / "restored"), copy)
