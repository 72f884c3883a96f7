"""Pictures by multipart form: what becomes of each file, whatever the others are."""

import io
import zipfile
from typing import Any

import pytest
from aiohttp import FormData
from PIL import Image

from adapters.web.uploads import MAX_FILES
from core.datasets.intake import MAX_IMAGE_BYTES
from tests.adapters.web.conftest import PREFIX, Api, Json, picture, save

PNG = save(picture(1))


@pytest.fixture
async def empty(ada: Api) -> str:
    return str((await ada.json("POST", "/datasets", 201, json={"name": "Empty"}))["id"])


async def list_items(api: Api, dataset: str) -> list[Json]:
    return list((await api.json("GET", f"/datasets/{dataset}/items"))["items"])


def bad_files() -> dict[str, tuple[bytes, str]]:
    """File name -> its bytes and a word of the refusal."""
    animation: dict[str, Any] = {"save_all": True, "append_images": [picture(2), picture(3)]}
    # Any: Pillow's own options
    return {
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"I am no picture at all. " * 20, "not a picture"),
        "truncated.jpg": (save(picture(1, 800, 600), "JPEG")[:9000], "cut short"),
        "bomb.png": (save(Image.new("1", (9000, 9000))), "81 megapixels"),
        "animated.webp": (save(picture(1), "WEBP", **animation), "animated"),
        "animated.gif": (save(picture(1), "GIF", **animation), "GIF"),
        "drawing.svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        "program.exe": (b"MZ\x90\x00" * 100, "not a picture"),
        "large.png": (PNG + b"\0" * MAX_IMAGE_BYTES, "larger than 32 MiB"),
    }


async def test_bad_files_are_refused_in_words_and_spoil_none_of_the_others(
    ada: Api, empty: str
) -> None:
    bad = bad_files()
    parts = [("first.png", PNG)]
    for name, (body, _) in bad.items():
        parts += [(name, body)]
    parts += [("last.png", save(picture(2)))]
    files = await ada.upload(empty, *parts)
    assert [file["filename"] for file in files] == [name for name, _ in parts]
    assert [files[0]["outcome"], files[-1]["outcome"]] == ["added", "added"]
    for file in files[1:-1]:
        assert file["outcome"] == "refused" and file["item"] is None
        assert bad[file["filename"]][1] in file["detail"]
    codes = {file["filename"]: file["code"] for file in files}
    assert (codes["large.png"], codes["empty.jpg"]) == ("too_large", "invalid")
    assert codes["truncated.jpg"] == codes["bomb.png"] == "unreadable_image"
    assert len(await list_items(ada, empty)) == 2
    me = await ada.json("GET", "/me")
    assert me["storage_bytes"] == sum(item["bytes"] for item in await list_items(ada, empty))


async def test_a_wrong_extension_and_a_path_for_a_name_do_no_harm(ada: Api, empty: str) -> None:
    (file,) = await ada.upload(empty, ("../../etc/passwd.jpg", PNG))
    assert (file["outcome"], file["filename"]) == ("added", "passwd.jpg")
    assert file["item"]["content_type"] == "image/png"


async def test_the_same_picture_twice_is_one_item_and_keeps_its_caption(
    ada: Api, empty: str
) -> None:
    parts = [("caption", b"first"), ("a.png", PNG), ("caption", b"second"), ("b.png", PNG)]
    first, second = await ada.upload(empty, *parts)
    assert (first["outcome"], second["outcome"]) == ("added", "already_there")
    assert first["item"]["id"] == second["item"]["id"]
    (again,) = await ada.upload(empty, ("c.png", PNG))
    assert again["outcome"] == "already_there"
    assert [item["captions"] for item in await list_items(ada, empty)] == [{"default": "first"}]


async def test_a_caption_part_belongs_to_the_next_file_only(ada: Api, empty: str) -> None:
    await ada.upload(
        empty, ("caption", "ein Kätzchen".encode()), ("a.png", PNG), ("b.png", save(picture(2)))
    )
    captions = [item["captions"] for item in await list_items(ada, empty)]
    assert captions == [{"default": "ein Kätzchen"}, {}]


@pytest.mark.parametrize("order", [["a.png", "a.txt"], ["a.txt", "a.png"]])
async def test_a_text_file_of_the_same_name_is_the_caption_in_either_order(
    ada: Api, empty: str, order: list[str]
) -> None:
    bodies = {"a.png": PNG, "a.txt": "\ufeffa cat\r\n".encode()}
    files = await ada.upload(empty, *((name, bodies[name]) for name in order))
    assert [(file["filename"], file["outcome"]) for file in files] == [("a.png", "added")]
    assert files[0]["item"]["captions"] == {"default": "a cat"}
    assert [item["captions"] for item in await list_items(ada, empty)] == [{"default": "a cat"}]


async def test_a_text_file_that_no_picture_takes_is_told(ada: Api, empty: str) -> None:
    files = await ada.upload(
        empty, ("caption", b"mine"), ("a.png", PNG), ("a.txt", b"other"), ("notes.txt", b"hello")
    )
    assert [(file["filename"], file["outcome"], file["code"]) for file in files] == [
        ("a.png", "added", None),
        ("a.txt", "refused", "not_found"),
        ("notes.txt", "refused", "not_found"),
    ]
    assert files[0]["item"]["captions"] == {"default": "mine"}


async def test_captions_that_are_too_long_or_no_text_are_refused(ada: Api, empty: str) -> None:
    long = b"cat " * 25_000
    files = await ada.upload(
        empty,
        *(("caption", long), ("a.png", PNG)),
        *(("b.png", save(picture(2))), ("b.txt", long)),
        *(("c.txt", "Grüße".encode("latin1")), ("c.png", save(picture(3)))),
    )
    assert [(file["filename"], file["outcome"], file["code"]) for file in files] == [
        ("a.png", "refused", "invalid"),
        ("b.png", "added", None),
        ("b.txt", "refused", "invalid"),
        ("c.txt", "refused", "invalid"),
        ("c.png", "added", None),
    ]
    assert "8 KiB" in files[0]["detail"] and "UTF-8" in files[3]["detail"]


async def test_a_form_has_at_most_so_many_files(ada: Api, empty: str) -> None:
    files = await ada.upload(empty, *((f"{n}.png", b"") for n in range(MAX_FILES + 5)))
    assert len(files) == MAX_FILES + 1
    assert files[-1]["code"] == "too_large" and str(MAX_FILES) in files[-1]["detail"]


async def test_parts_of_other_names_are_refused(ada: Api, empty: str) -> None:
    path = f"/datasets/{empty}/images"
    answer = await ada.json(
        "POST", path, data=_form(b'name="owner"', b"eve") + b"--XX--\r\n", headers=_HEADERS
    )
    assert answer["files"][0]["code"] == "invalid" and "`files`" in answer["files"][0]["detail"]


async def test_a_request_that_is_no_form_is_refused_in_words(ada: Api, empty: str) -> None:
    path = f"/datasets/{empty}/images"
    await ada.json("POST", path, 415, json={})
    for body in (
        b"",
        b"garbage\r\nwithout boundary",
        b"--XX--\r\n",
    ):
        problem = await ada.json("POST", path, 422, data=body, headers=_HEADERS)
        assert "multipart/form-data" in problem["detail"]
    no_boundary = {"Content-Type": "multipart/form-data"}
    await ada.json("POST", path, 422, data=b"x", headers=no_boundary)


@pytest.mark.parametrize("tail", [b"", b"\r\n--X", b"\r\n--XX\r\nContent-Disposition: form-d"])
async def test_a_form_that_is_cut_short_keeps_what_was_whole_and_says_so(
    ada: Api, empty: str, tail: bytes
) -> None:
    body = _form(b'name="files"; filename="a.png"', PNG) + _form(
        b'name="files"; filename="b.png"', b""
    )
    files = (
        await ada.json("POST", f"/datasets/{empty}/images", data=body[:-2] + tail, headers=_HEADERS)
    )["files"]
    assert files[0]["outcome"] == "added"
    assert "cut short" in files[-1]["detail"]
    assert len(await list_items(ada, empty)) == 1


async def test_what_stands_behind_the_last_boundary_is_ignored(ada: Api, empty: str) -> None:
    body = _form(b'name="files"; filename="a.png"', PNG) + b"--XX--\r\ntrailing garbage" * 9
    answer = await ada.json("POST", f"/datasets/{empty}/images", data=body, headers=_HEADERS)
    assert [file["outcome"] for file in answer["files"]] == ["added"]


async def test_names_that_are_no_text_are_cleaned(ada: Api, empty: str) -> None:
    body = _form(b'name="files"; filename="a\xff\x00.png"', PNG) + b"--XX--\r\n"
    response = await ada.client.post(
        PREFIX + f"/datasets/{empty}/images",
        data=body,
        headers={**_HEADERS, "Authorization": f"Bearer {ada.token}"},
    )
    assert response.status in (200, 422)


async def test_the_dataset_is_looked_for_before_anything_is_read(ada: Api, empty: str) -> None:
    await ada.json("DELETE", f"/datasets/{empty}", 204)
    await ada.json("POST", f"/datasets/{empty}/images", 404, data=b"x", headers=_HEADERS)


_HEADERS = {"Content-Type": "multipart/form-data; boundary=XX"}


def _form(disposition: bytes, body: bytes) -> bytes:
    head = b"--XX\r\nContent-Disposition: form-data; " + disposition
    return head + b"\r\n\r\n" + body + b"\r\n"


async def test_addresses_that_cannot_be_fetched_are_refused_one_by_one(
    ada: Api, eve: Api, dataset: str
) -> None:
    urls = ["http://127.0.0.1/cat.jpg", "cat.jpg"]
    answer = await ada.json("POST", f"/datasets/{dataset}/urls", json={"urls": urls})
    assert [(f["filename"], f["code"]) for f in answer["files"]] == [
        ("http://127.0.0.1/cat.jpg", "unreadable_image"),
        ("cat.jpg", "invalid"),
    ]
    await eve.json("POST", f"/datasets/{dataset}/urls", 404, json={"urls": urls})


async def test_a_zip_among_the_files_is_taken_apart(ada: Api, dataset: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.png", save(picture(7)))
        archive.writestr("one.txt", "a zipped one")
        archive.writestr("two.exe", b"MZ")
    form = FormData()
    form.add_field("files", packed.getvalue(), filename="all.zip")
    answer = await ada.json("POST", f"/datasets/{dataset}/images", data=form)
    found = {file["filename"]: file for file in answer["files"]}
    assert found["one.png"]["item"]["captions"] == {"default": "a zipped one"}
    assert found["two.exe"]["outcome"] == "refused"
