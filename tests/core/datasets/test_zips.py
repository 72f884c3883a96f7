"""Zips: pictures with their captions in, whatever else they hold kept out, and what we export taken back."""

import io
import stat
import zipfile
from collections.abc import AsyncIterator

import pytest

from core.accounts.records import Principal
from core.datasets import imports, zips
from core.datasets.imports import Taken
from core.datasets.intake import NewImage
from core.datasets.records import Source
from core.errors import InvalidError, NotFoundError, TooLargeError, UnreadableImageError
from core.records import PageRequest
from tests.core.yard import Yard
from tests.worker.people import draw_flag


def make_zip(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("__", "."), body)
    return file.getvalue()


async def stream(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 3):  # the first bytes come in pieces
        yield body[start : start + 3]
        if start > 30:
            yield body[start + 3 :]
            return


async def add(yard: Yard, person: Principal, dataset: str, body: bytes) -> list[Taken]:
    image = NewImage(filename="sent.zip")
    taken = yard.studio.imports.add(person, dataset, stream(body), image)
    return [one async for one in taken]


@pytest.fixture
async def mira(yard: Yard) -> Principal:
    return await yard.meet()


@pytest.fixture
async def dataset(yard: Yard, mira: Principal) -> str:
    return (await yard.studio.datasets.create(mira, "flags")).id


async def test_a_zip_gives_its_pictures_with_their_captions(
    yard: Yard, mira: Principal, dataset: str
) -> None:
    body = make_zip(
        one__png=draw_flag(1),
        one__txt="ein Flügel\n".encode(),
        two__png=draw_flag(2),
        same__png=draw_flag(2),
        notes__md=b"hello",
        broken__png=b"no picture",
    )
    taken = {one.filename: one for one in await add(yard, mira, dataset, body)}
    first = taken["one.png"].item
    assert first is not None and taken["one.png"].is_new
    assert first.captions == {"default": "ein Flügel"} and first.source is Source.ZIP
    assert taken["two.png"].is_new and not taken["same.png"].is_new
    assert isinstance(taken["broken.png"].error, UnreadableImageError)
    assert "only pictures" in str(taken["notes.md"].error)
    assert await yard.studio.datasets.count_active(dataset) == 2


async def test_what_we_export_comes_back_with_every_caption_set(
    yard: Yard, mira: Principal, dataset: str
) -> None:
    image = NewImage(filename="a.png", caption="a flag")
    item, _ = await yard.studio.intake.add_image(mira, dataset, stream(draw_flag(1)), image)
    await yard.studio.datasets.caption(mira, dataset, item.id, "eine Flagge", set_name="german")
    exported = b"".join([c async for c in yard.studio.exports.stream(mira, dataset)])
    copy = await yard.studio.datasets.create(mira, "copy")
    await add(yard, mira, copy.id, exported)
    [back] = (await yard.studio.datasets.list_items(mira, copy.id, PageRequest())).items
    assert back.captions == {"default": "a flag", "german": "eine Flagge"}
    assert back.sha256 == item.sha256


async def test_names_that_lead_out_links_and_twins_are_refused_one_by_one(
    yard: Yard, mira: Principal, dataset: str
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("../up.png", "/root.png", "a/../../b.png", "c:\\d.png", "good/flag.png"):
            archive.writestr(name, draw_flag(1))
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("__MACOSX/x.png", b"junk")
        archive.writestr(".hidden.png", b"junk")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("good/flag.png", draw_flag(2))
    taken = await add(yard, mira, dataset, file.getvalue())
    refused = [one for one in taken if one.error is not None]
    assert len(refused) == 6 and len(taken) == 7
    assert sum("leads out" in str(one.error) for one in refused) == 4
    assert await yard.studio.datasets.count_active(dataset) == 1


async def test_bombs_are_refused_before_they_are_unpacked(
    yard: Yard, mira: Principal, dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = make_zip(big__png=bytes(40 * 1024**2))
    [taken] = await add(yard, mira, dataset, deep)
    assert isinstance(taken.error, TooLargeError)
    monkeypatch.setattr(zips, "MAX_UNPACKED_BYTES", 10 * 1024**2)
    with pytest.raises(TooLargeError, match="Unpacked"):
        await add(yard, mira, dataset, deep)
    monkeypatch.setattr(zips, "MAX_ENTRIES", 1)
    with pytest.raises(TooLargeError, match="at most 1 files"):
        await add(yard, mira, dataset, make_zip(a__png=b"1", b__png=b"2"))
    monkeypatch.setattr(imports, "MAX_ZIP_BYTES", 100)
    with pytest.raises(TooLargeError, match="send it in parts"):
        await add(yard, mira, dataset, deep)


async def test_files_that_lie_over_one_another_are_no_zip_of_ours(
    yard: Yard, mira: Principal, dataset: str
) -> None:
    body = make_zip(a__png=draw_flag(1), b__png=draw_flag(2))
    start = body.index(b"PK\x01\x02", 100)
    second = body.index(b"PK\x01\x02", start + 4)
    overlaid = bytearray(body)
    overlaid[second + 42 : second + 46] = (0).to_bytes(4, "little")
    with pytest.raises(InvalidError, match="lie over one another"):
        await add(yard, mira, dataset, bytes(overlaid))


@pytest.mark.parametrize("cut", [5, 60, -10])
async def test_a_zip_that_is_cut_short_or_mangled_is_said_to_be_damaged(
    yard: Yard, mira: Principal, dataset: str, cut: int
) -> None:
    body = make_zip(a__png=draw_flag(1))
    with pytest.raises(InvalidError, match="damaged"):
        await add(yard, mira, dataset, body[:cut])
    at = body.index(b"a.png") + 60
    mangled = body[:at] + bytes([body[at] ^ 0xFF]) + body[at + 1 :]
    [taken] = await add(yard, mira, dataset, mangled)
    assert taken.error is not None and "damaged" in str(taken.error)


async def test_a_stranger_cannot_make_us_unpack_anything(yard: Yard, dataset: str) -> None:
    eve = await yard.meet("eve")
    with pytest.raises(NotFoundError):
        await add(yard, eve, dataset, make_zip(a__png=draw_flag(1)))
