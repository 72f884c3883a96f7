"""Moving a data folder to MongoDB and S3: whole, again after a cut, and never over what is there."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.files import FileBlobs
from config.migration import Moved, move
from config.settings import Settings
from config.stores import list_record_classes, open_blobs, open_stores
from config.wiring import open_studio
from core.accounts.records import Principal
from core.datasets.intake import stream_once
from core.errors import DamagedError, InvalidError, RefusedError
from tests.stores import set_stores

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def elsewhere(settings: Settings, mongodb_url: str, s3_url: str) -> AsyncIterator[Settings]:
    """Settings with both places, after some life in the data folder."""
    async with open_studio(settings) as studio:
        for name in ("ada", "ben", "eve"):
            account, _ = await studio.accounts.first_contact("test", name, name)
            for n in range(4):
                await studio.points.grant(account.id, 50, f"g{n}", "a grant")
            principal = Principal(account=account.id, role=account.role)
            dataset = await studio.datasets.create(principal, f"of {name}")
            await studio.datasets.describe(principal, dataset.id, name=f"{name}'s own")
    blobs = FileBlobs(settings.data_folder)
    for n in range(20):
        await blobs.put(
            f"d/{n % 3}/{n}", stream_once(bytes([n]) * (n * 1000)), content_type="image/png"
        )
    async with set_stores(settings, mongodb_url, s3_url) as both:
        yield both


async def run(settings: Settings) -> dict[str, Moved]:
    return {moved.what: moved async for moved in move(settings)}


async def test_everything_is_the_same_in_the_other_place(
    settings: Settings, elsewhere: Settings
) -> None:
    moved = await run(elsewhere)
    kinds = {kind.collection for kind in list_record_classes().values()}
    assert set(moved) == {*kinds, "blobs"}
    assert [moved[kind].count for kind in ("accounts", "entries", "datasets")] == [3, 12, 3]
    assert moved["blobs"].count == 20
    async with (
        open_stores(settings) as here,
        open_stores(elsewhere) as there,
        open_blobs(settings) as files,
        open_blobs(elsewhere) as bucket,
    ):
        datasets = await here.datasets.find({})
        assert datasets == await there.datasets.find({})
        assert {dataset.version for dataset in datasets} == {2}
        async for key in files.list(""):
            assert await files.info(key) == await bucket.info(key)
    async with open_studio(elsewhere) as studio:
        assert (await studio.reconciler.reconcile()).is_sound


async def test_a_move_that_was_cut_off_is_repeated(elsewhere: Settings) -> None:
    moving = move(elsewhere)
    for _ in range(4):
        await anext(moving)
    await moving.aclose()  # type: ignore[attr-defined]  # it is a generator
    async with open_blobs(elsewhere) as bucket:
        await bucket.put("d/0/3", stream_once(bytes([3]) * 3000), content_type="image/png")
    assert await run(elsewhere) == await run(elsewhere)


async def test_a_place_that_is_in_use_is_left_alone(elsewhere: Settings) -> None:
    await run(elsewhere)
    async with open_stores(elsewhere) as there:
        dataset = (await there.datasets.find({}))[0]
        newer = await there.datasets.replace(dataset.changed(dataset.updated_at, name="newer"))
    with pytest.raises(RefusedError, match="differs"):
        await run(elsewhere)
    async with open_stores(elsewhere) as there:
        assert await there.datasets.get(dataset.id) == newer
        await there.datasets.delete(newer)
        await there.datasets.insert(dataset.model_copy(update={"id": "ds_more"}))
    with pytest.raises(RefusedError, match="datasets: 3 here, 4 in the database"):
        await run(elsewhere)


async def test_a_damaged_blob_is_named_and_does_not_arrive(elsewhere: Settings) -> None:
    file = elsewhere.data_folder / "blobs" / "d" / "1" / "7"
    body = bytearray(file.read_bytes())
    body[-1] ^= 1
    file.write_bytes(body)
    with pytest.raises(DamagedError, match="d/1/7"):
        await run(elsewhere)
    async with open_blobs(elsewhere) as bucket:
        assert "d/1/7" not in [key async for key in bucket.list("")]


async def test_without_another_place_it_is_said_what_to_set(
    settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    with pytest.raises(InvalidError, match="TRAINYARD_MONGODB_URL"):
        await run(settings)
    with pytest.raises(InvalidError, match="TRAINYARD_DATA_FOLDER"):
        await run(elsewhere.model_copy(update={"data_folder": tmp_path / "nothing"}))


def test_the_commands_say_what_was_done_and_where_things_are(elsewhere: Settings) -> None:
    place = {
        "TRAINYARD_DATA_FOLDER": str(elsewhere.data_folder),
        "TRAINYARD_MONGODB_URL": elsewhere.mongodb_url.get_secret_value(),
        "TRAINYARD_MONGODB_DATABASE": elsewhere.mongodb_database,
        "TRAINYARD_S3_BUCKET": elsewhere.s3_bucket,
        "TRAINYARD_S3_ENDPOINT_URL": elsewhere.s3_endpoint_url,
        "TRAINYARD_S3_REGION": elsewhere.s3_region,
        "TRAINYARD_S3_ACCESS_KEY": "test",
        "TRAINYARD_S3_SECRET_KEY": "sesame",
        "TRAINYARD_S3_PATH_STYLE": "true",
    }
    said = {}
    for name in ("migrate", "doctor"):
        done = subprocess.run(
            [sys.executable, "-m", "config.cli", name],
            cwd=ROOT,
            env={**os.environ, **place},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        said[name] = done.stdout
    assert "Everything is there" in said["migrate"]
    assert f"MongoDB, database {elsewhere.mongodb_database}: reached" in said["doctor"]
    assert (
        f"S3, bucket {elsewhere.s3_bucket} at {elsewhere.s3_endpoint_url}: reached"
        in (said["doctor"])
    )
    assert "sesame" not in said["doctor"] + said["migrate"]
