"""Uploads in parts: resumed, checked, bounded, and taken in as any other file."""

import asyncio
import hashlib
import io
import zipfile

from core.accounts.records import Quotas
from core.datasets.resumable import MAX_CHUNK_BYTES, MIN_CHUNK_BYTES
from core.studio import Studio
from tests.adapters.web.conftest import PREFIX, Api, Json, picture, save


def make_zip() -> bytes:
    """A zip of two pictures, of a little more than two least chunks."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for seed in (11, 12):
            archive.writestr(f"{seed}.png", save(picture(seed, 420, 420)))
            archive.writestr(f"{seed}.txt", f"cat {seed}")
    return buffer.getvalue()


ZIP = make_zip()
HALF = 300 * 1024


async def begin(api: Api, dataset: str, body: bytes, name: str = "cats.zip") -> Json:
    announced = {
        "filename": name,
        "size_bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
    }
    return await api.json("POST", f"/datasets/{dataset}/uploads", 201, json=announced)


async def send(api: Api, upload: Json, body: bytes, offset: int, status: int = 200) -> Json:
    path = f"/datasets/{upload['dataset']}/uploads/{upload['id']}?offset={offset}"
    headers = {"Content-Type": "application/octet-stream"}
    return await api.json("PUT", path, status, data=io.BytesIO(body), headers=headers)


async def count_bytes(api: Api) -> int:
    return int((await api.json("GET", "/me"))["storage_bytes"])


async def list_parts(studio: Studio) -> list[str]:
    return [key async for key in studio.blobs.list("uploads/")]


async def test_a_zip_comes_in_parts_and_is_taken_in_as_any_other(
    ada: Api, studio: Studio, dataset: str
) -> None:
    assert len(ZIP) > HALF >= MIN_CHUNK_BYTES
    before = await count_bytes(ada)
    upload = await begin(ada, dataset, ZIP)
    assert await count_bytes(ada) == before + len(ZIP)
    step = await send(ada, upload, ZIP[:HALF], 0)
    assert (step["upload"]["received_bytes"], step["files"]) == (HALF, None)
    assert await begin(ada, dataset, ZIP) == step["upload"]  # a page that was loaded again
    step = await send(ada, step["upload"], ZIP[HALF:], HALF)
    assert [(f["filename"], f["outcome"]) for f in step["files"]] == [
        ("11.png", "added"),
        ("12.png", "added"),
    ]
    assert step["files"][0]["item"]["captions"] == {"default": "cat 11"}
    assert step["upload"]["is_done"] and await list_parts(studio) == []
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    assert await count_bytes(ada) == sum(item["bytes"] for item in items)
    assert (await begin(ada, dataset, ZIP))["received_bytes"] == 0


async def test_a_cut_connection_keeps_nothing_of_its_part_and_the_rest_goes_on(
    ada: Api, studio: Studio, dataset: str
) -> None:
    upload = await begin(ada, dataset, ZIP)
    await send(ada, upload, ZIP[:HALF], 0)
    path = f"{PREFIX}/datasets/{dataset}/uploads/{upload['id']}"
    assert ada.client.port is not None
    _, writer = await asyncio.open_connection("127.0.0.1", ada.client.port)
    head = (
        f"PUT {path}?offset={HALF} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ada.token}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(ZIP) - HALF}\r\n\r\n"
    )
    writer.write(head.encode() + ZIP[HALF : HALF + 1000])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    asked = await ada.json("GET", path.removeprefix(PREFIX))
    assert asked["received_bytes"] == HALF
    step = await send(ada, asked, ZIP[HALF:], HALF)
    assert [file["outcome"] for file in step["files"]] == ["added", "added"]
    assert await list_parts(studio) == []


async def test_of_two_that_send_the_same_bytes_at_once_one_is_told_where_to_go_on(
    ada: Api, studio: Studio, dataset: str
) -> None:
    upload = await begin(ada, dataset, ZIP)
    path = f"/datasets/{dataset}/uploads/{upload['id']}?offset=0"
    answers = await asyncio.gather(*(ada.ask("PUT", path, data=ZIP[:HALF]) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    assert len(await list_parts(studio)) == 1
    assert "Go on at byte" in (await send(ada, upload, ZIP[:HALF], 0, 409))["detail"]


async def test_other_bytes_than_announced_are_not_taken_in(
    ada: Api, studio: Studio, dataset: str
) -> None:
    before = await count_bytes(ada)
    body = save(picture(9))
    upload = await begin(ada, dataset, body, "a.png")
    (file,) = (await send(ada, upload, body[:-1] + b"x", 0))["files"]
    assert (file["outcome"], file["code"]) == ("refused", "invalid")
    assert await count_bytes(ada) == before and await list_parts(studio) == []
    assert len((await ada.json("GET", f"/datasets/{dataset}/items"))["items"]) == 3
    upload = await begin(ada, dataset, body, "a.png")
    (file,) = (await send(ada, upload, body, 0))["files"]
    assert file["outcome"] == "added"


async def test_a_file_that_is_no_picture_is_refused_in_words(ada: Api, dataset: str) -> None:
    upload = await begin(ada, dataset, b"I am no picture. " * 20, "cat.png")
    (file,) = (await send(ada, upload, b"I am no picture. " * 20, 0))["files"]
    assert (file["filename"], file["code"]) == ("cat.png", "unreadable_image")


async def test_parts_that_are_too_small_or_too_large_are_refused(
    ada: Api, studio: Studio, dataset: str
) -> None:
    upload = await begin(ada, dataset, ZIP)
    await send(ada, upload, ZIP[: MIN_CHUNK_BYTES - 1], 0, 422)
    await send(ada, upload, b"", 0, 422)
    await send(ada, upload, ZIP + b"x", 0, 413)
    large = bytes(MAX_CHUNK_BYTES * 2)
    huge = await begin(ada, dataset, large)
    await send(ada, huge, large[: MAX_CHUNK_BYTES + 1], 0, 413)
    assert await list_parts(studio) == []


async def test_what_cannot_be_kept_is_refused_before_a_byte_comes(
    ada: Api, studio: Studio, dataset: str
) -> None:
    good: Json = {"filename": "a.zip", "size_bytes": 5, "sha256": "a" * 64}
    path = f"/datasets/{dataset}/uploads"
    for change, status in (
        ({"size_bytes": 3 * 1024**3}, 413),
        ({"size_bytes": 0}, 422),
        ({"sha256": "A" * 64}, 422),
        ({"sha256": "a"}, 422),
    ):
        await ada.json("POST", path, status, json={**good, **change})
    account = await studio.accounts.get(ada.principal)
    small = Quotas(max_storage_bytes=account.storage_bytes + 4)
    await studio.accounts._accounts.replace(account.changed(account.updated_at, quotas=small))
    assert "storage" in (await ada.json("POST", path, 413, json=good))["detail"]
    assert await count_bytes(ada) == account.storage_bytes


async def test_a_dropped_upload_gives_everything_back(
    ada: Api, studio: Studio, dataset: str
) -> None:
    before = await count_bytes(ada)
    upload = await begin(ada, dataset, ZIP)
    await send(ada, upload, ZIP[:HALF], 0)
    await ada.json("DELETE", f"/datasets/{dataset}/uploads/{upload['id']}", 204)
    assert await count_bytes(ada) == before and await list_parts(studio) == []
    await send(ada, upload, ZIP[HALF:], HALF, 404)
