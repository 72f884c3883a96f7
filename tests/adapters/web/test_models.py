"""Models and the download of their files, whole and in parts."""

import hashlib

import pytest
from aiohttp.web import HTTPRequestRangeNotSatisfiable
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.downloads import parse_range
from core.studio import Studio
from tests.adapters.web.conftest import WEIGHTS, Api, World


async def test_a_model_is_listed_and_shown(ada: Api, world: World) -> None:
    model = await ada.json("GET", f"/models/{world.model_id}")
    assert (await ada.json("GET", "/models"))["items"] == [model]
    assert model["trigger_words"] == ["mycat"] and model["provenance"]["job"] == world.training_id
    assert model["files"] == [
        {
            "name": "mycat.safetensors",
            "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
            "bytes": len(WEIGHTS),
            "content_type": "application/octet-stream",
        }
    ]


async def test_a_file_is_downloaded_whole(ada: Api, world: World) -> None:
    path = f"/models/{world.model_id}/files/mycat.safetensors"
    response = await ada.ask("GET", path)
    assert await response.read() == WEIGHTS
    assert response.headers["Content-Disposition"] == 'attachment; filename="mycat.safetensors"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.content_length == len(WEIGHTS)
    head = await ada.ask("HEAD", path)
    assert (head.content_length, await head.read()) == (len(WEIGHTS), b"")
    await ada.json("GET", f"/models/{world.model_id}/files/other.bin", 404)


@pytest.mark.parametrize(
    ("header", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-", 206, 100, len(WEIGHTS)),
        ("bytes=300000-400000", 206, 300_000, 400_001),
        ("bytes=-5", 206, len(WEIGHTS) - 5, len(WEIGHTS)),
        ("bytes=511999-999999999", 206, len(WEIGHTS) - 1, len(WEIGHTS)),
        ("bytes=5-2", 200, 0, len(WEIGHTS)),
        ("bytes=0-1,4-5", 200, 0, len(WEIGHTS)),
        ("lines=1-2", 200, 0, len(WEIGHTS)),
    ],
)
async def test_a_part_of_a_file_is_sent(
    ada: Api, world: World, header: str, status: int, start: int, stop: int
) -> None:
    path = f"/models/{world.model_id}/files/mycat.safetensors"
    response = await ada.ask("GET", path, headers={"Range": header})
    assert (response.status, await response.read()) == (status, WEIGHTS[start:stop])
    if status == 206:
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(WEIGHTS)}"


async def test_a_part_that_lies_outside_is_refused_with_the_size(ada: Api, world: World) -> None:
    path = f"/models/{world.model_id}/files/mycat.safetensors"
    for header in (f"bytes={len(WEIGHTS)}-", "bytes=-0"):
        response = await ada.ask("GET", path, headers={"Range": header})
        assert (response.status, response.content_type) == (416, "application/problem+json")
        assert response.headers["Content-Range"] == f"bytes */{len(WEIGHTS)}"


async def test_a_download_goes_on_only_while_the_file_is_the_same(ada: Api, world: World) -> None:
    path = f"/models/{world.model_id}/files/mycat.safetensors"
    etag = (await ada.ask("HEAD", path)).headers["ETag"]
    same = await ada.ask("GET", path, headers={"Range": "bytes=10-", "If-Range": etag})
    assert (same.status, await same.read()) == (206, WEIGHTS[10:])
    other = await ada.ask("GET", path, headers={"Range": "bytes=10-", "If-Range": '"old"'})
    assert (other.status, await other.read()) == (200, WEIGHTS)


async def test_a_file_whose_bytes_are_gone_is_a_problem_not_a_broken_answer(
    ada: Api, world: World, studio: Studio
) -> None:
    async for key in studio.blobs.list(f"jobs/{world.training_id}/"):
        await studio.blobs.delete(key)
    await ada.json("GET", f"/models/{world.model_id}/files/mycat.safetensors", 404)


@given(header=st.text(max_size=30) | st.from_regex(r"bytes=\d*-\d*"), size=st.integers(0, 1000))
def test_no_range_ever_leaves_the_file(header: str, size: int) -> None:
    try:
        wanted = parse_range(header, size)
    except HTTPRequestRangeNotSatisfiable:
        return
    assert wanted is None or 0 <= wanted[0] < wanted[1] <= size


async def test_trigger_words_are_suggested_by_how_they_begin(
    ada: Api, eve: Api, world: World
) -> None:
    (found,) = (await ada.json("GET", "/trigger-words?start=MyC"))["items"]
    assert (found["word"], found["model"]) == ("mycat", world.model_id)
    assert len((await ada.json("GET", "/trigger-words"))["items"]) == 1
    for query in ("start=cat", "start=myc&family=sdxl"):
        assert (await ada.json("GET", f"/trigger-words?{query}"))["items"] == []
    await ada.json("GET", "/trigger-words?family=none", 422)
    assert (await eve.json("GET", "/trigger-words?start=myc"))["items"] == []
    path = f"/models/{world.model_id}/publication"
    await ada.json("PUT", path, json={"access": "public", "trigger_words": ["miracat"]})
    assert (await ada.json("GET", "/trigger-words?start=myc"))["items"] == []  # it was changed
    (shared,) = (await eve.json("GET", "/trigger-words?start=mira"))["items"]
    assert shared["model"] == world.model_id
