"""Where blobs are kept: one place, said plainly; moving them into MongoDB keeps every byte."""

import pytest
from pydantic import SecretStr

from adapters.files import FileBlobs
from config.migration import move
from config.settings import Settings
from config.stores import describe_stores, open_blobs, open_stores
from core.datasets.intake import stream_once
from core.errors import InvalidError
from tests.stores import name_database


@pytest.mark.parametrize(
    "chosen", [{}, {"mongodb_url": SecretStr("mongodb://127.0.0.1"), "s3_bucket": "yard"}]
)
async def test_files_are_kept_in_one_place(settings: Settings, chosen: dict[str, object]) -> None:
    two = settings.model_copy(update={"gridfs": True, **chosen})
    with pytest.raises(InvalidError, match="TRAINYARD_MONGODB_URL and no TRAINYARD_S3_BUCKET"):
        async with open_blobs(two):
            pass


async def test_a_folder_moves_into_mongodb(settings: Settings, mongodb_url: str) -> None:
    async with open_stores(settings), open_blobs(settings):
        folder = FileBlobs(settings.data_folder)
        for n in range(3):
            body = stream_once(bytes([n]) * 5000)
            await folder.put(f"d/{n}", body, content_type="image/png")
    with name_database(mongodb_url) as name:
        update = {"mongodb_url": SecretStr(mongodb_url), "mongodb_database": name, "gridfs": True}
        there = settings.model_copy(update=update)
        moved = {each.what: each.count async for each in move(there)}
        assert moved["blobs"] == 3
        async with open_blobs(there) as blobs:
            assert b"".join([chunk async for chunk in blobs.read("d/2", start=4998)]) == b"\2\2"
        assert (await describe_stores(there))["blobs"] == "MongoDB, as the records"
