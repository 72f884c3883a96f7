"""Downloads that the S3 store itself sends: to whom we would send them, and to nobody else."""

import aiohttp
import pytest
from pydantic import SecretStr

from config.settings import Settings
from tests.adapters.web.conftest import WEIGHTS, Api, World
from tests.stores import make_bucket


@pytest.fixture
async def settings(settings: Settings, s3_url: str) -> Settings:
    bucket = await make_bucket(s3_url)
    return settings.model_copy(
        update={
            "s3_bucket": bucket.bucket,
            "s3_endpoint_url": s3_url,
            "s3_region": bucket.region,
            "s3_access_key": SecretStr(bucket.access_key),
            "s3_secret_key": SecretStr(bucket.secret_key),
            "s3_path_style": True,
            "s3_download_url": s3_url,
        }
    )


async def test_only_who_may_have_a_file_is_sent_to_the_store(
    ada: Api, eve: Api, nobody: Api, world: World, s3_url: str
) -> None:
    path = f"/models/{world.model_id}/files/mycat.safetensors"
    sent = await ada.ask("GET", path, allow_redirects=False)
    assert (sent.status, sent.headers["Cache-Control"]) == (302, "no-store")
    address = sent.headers["Location"]
    assert address.startswith(s3_url)
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        assert await answer.read() == WEIGHTS
        named = answer.headers["Content-Disposition"]
        assert named == 'attachment; filename="mycat.safetensors"'
        assert answer.content_type == "application/octet-stream"
    for stranger, status in ((eve, 404), (nobody, 401)):
        refused = await stranger.ask("GET", path, allow_redirects=False)
        assert (refused.status, "Location" in refused.headers) == (status, False)
    head = await ada.ask("HEAD", path)
    assert (head.status, head.content_length) == (200, len(WEIGHTS))
    known = await ada.ask("GET", path, headers={"If-None-Match": head.headers["ETag"]})
    assert known.status == 304


async def test_pictures_on_pages_come_from_us(ada: Api, dataset: str) -> None:
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    path = f"/datasets/{dataset}/items/{items[0]['id']}/image"
    answer = await ada.ask("GET", path, allow_redirects=False)
    assert (answer.status, answer.content_type.partition("/")[0]) == (200, "image")
