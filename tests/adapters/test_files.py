"""What only a folder of files has: temporary files, empty folders, order, and damage."""

import asyncio
import os
import resource
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters import files
from adapters.files import FileBlobs
from core.errors import AlreadyExistsError, DamagedError, NotFoundError, StorageFullError

PLAIN = "text/plain"


@pytest.fixture
async def blobs(tmp_path: Path) -> FileBlobs:
    store = FileBlobs(tmp_path)
    await store.open()
    return store


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def count_files(folder: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(folder))


async def test_a_cancelled_put_leaves_nothing_and_publishes_nothing_later(
    blobs: FileBlobs, tmp_path: Path
) -> None:
    for n in range(40):
        body = stream(*(b"x" * 1000 for _ in range(3)))
        task = asyncio.ensure_future(blobs.put(f"a/{n}", body, content_type=PLAIN))
        for _ in range(n):
            await asyncio.sleep(0.0002)
        task.cancel()
        await asyncio.wait([task])
    await asyncio.sleep(0.05)
    assert count_files(tmp_path / "unfinished") == 0
    for key in [key async for key in blobs.list("a/")]:
        assert (await blobs.info(key)).bytes == 3000


async def test_a_file_that_opens_slowly_is_not_left_when_its_put_was_cancelled(
    blobs: FileBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_now = files._Draft.open

    def open_slowly(draft: files._Draft) -> None:
        time.sleep(0.03)
        open_now(draft)

    monkeypatch.setattr(files._Draft, "open", open_slowly)
    task = asyncio.ensure_future(blobs.put("a/x", stream(b"x"), content_type=PLAIN))
    await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.sleep(0.1)
    assert task.cancelled()
    assert count_files(tmp_path) == 0


async def test_a_delete_leaves_no_empty_folders(blobs: FileBlobs, tmp_path: Path) -> None:
    for key in ("d/1/i/image", "d/1/i/thumbnail", "d/1/j/image"):
        await blobs.put(key, stream(b"x"), content_type=PLAIN)
    await blobs.delete("d/1/i/image")
    await blobs.delete("d/1/i/thumbnail")
    assert [p.name for p in (tmp_path / "blobs" / "d" / "1").iterdir()] == ["j"]
    await blobs.delete("d/1/j/image")
    assert list((tmp_path / "blobs").iterdir()) == []


async def test_puts_and_deletes_in_one_folder_do_not_trip_over_each_other(
    blobs: FileBlobs,
) -> None:
    async def come_and_go(n: int) -> None:
        for _ in range(15):
            await blobs.put(f"a/b/{n}", stream(b"x"), content_type=PLAIN, if_absent=True)
            await blobs.delete(f"a/b/{n}")

    await asyncio.gather(*(come_and_go(n) for n in range(6)))
    assert [key async for key in blobs.list("")] == []


async def test_keys_are_listed_in_the_order_of_their_text(blobs: FileBlobs) -> None:
    keys = ["a", "a-b", "a.b", "aa/1", "a1", "b/0/x", "b/0-x", "b/z/y/x", "bb"]
    for key in keys:
        await blobs.put(key, stream(b""), content_type=PLAIN)
    assert [key async for key in blobs.list("")] == sorted(keys)
    assert [key async for key in blobs.list("b/0")] == ["b/0-x", "b/0/x"]
    assert [key async for key in blobs.list("c/none/")] == []


async def test_a_long_list_is_whole(blobs: FileBlobs, tmp_path: Path) -> None:
    folder = tmp_path / "blobs" / "many"
    folder.mkdir()
    for n in range(2500):
        (folder / f"{n:05}").touch()
    assert [key async for key in blobs.list("many/0")] == [f"many/{n:05}" for n in range(2500)]


@pytest.mark.parametrize("prefix", ["../", "/etc/", "a/../../", ".", "a//", "a/.", "a\n"])
async def test_a_list_stays_inside_the_folder(blobs: FileBlobs, prefix: str) -> None:
    with pytest.raises(ValueError, match="not the beginning of a blob key"):
        [key async for key in blobs.list(prefix)]


async def test_an_old_unfinished_file_goes_and_a_young_one_stays(tmp_path: Path) -> None:
    await FileBlobs(tmp_path).open()
    for name, age_s in (("old", 7200), ("young", 60)):
        file = tmp_path / "unfinished" / name
        file.touch()
        os.utime(file, (file.stat().st_mtime - age_s,) * 2)
    await FileBlobs(tmp_path).open()
    assert [file.name for file in (tmp_path / "unfinished").iterdir()] == ["young"]


async def test_a_description_that_is_damaged_is_said(blobs: FileBlobs, tmp_path: Path) -> None:
    await blobs.put("a/x", stream(b"x"), content_type=PLAIN)
    (tmp_path / "blobs" / "a" / "x").write_bytes(b"\x00" * 600)
    with pytest.raises(DamagedError):
        await blobs.info("a/x")


async def test_a_folder_is_no_blob(blobs: FileBlobs) -> None:
    await blobs.put("a/x", stream(b"x"), content_type=PLAIN)
    with pytest.raises(NotFoundError):
        await blobs.info("a")
    with pytest.raises(NotFoundError):
        await blobs.info("a/x/y")
    await blobs.delete("a")
    assert (await blobs.info("a/x")).bytes == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
async def test_a_full_disk_heals(blobs: FileBlobs) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StorageFullError):
            await blobs.put("a/x", stream(b"x" * 200_000), content_type=PLAIN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await blobs.put("a/x", stream(b"x" * 200_000), content_type=PLAIN, if_absent=True)
    with pytest.raises(AlreadyExistsError):
        await blobs.put("a/x", stream(b"y"), content_type=PLAIN, if_absent=True)
    assert (await blobs.info("a/x")).bytes == 200_000
