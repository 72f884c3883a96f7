"""Sharing over HTTP: joined by a code, downloaded whole, and fetched from an address without a token."""

import io
import zipfile

from core.studio import Studio
from tests.adapters.web.conftest import Api


async def test_a_dataset_is_shared_joined_downloaded_and_left(
    ada: Api, eve: Api, dataset: str
) -> None:
    code = (await ada.json("POST", f"/datasets/{dataset}/invitation", 201))["code"]
    await eve.json("POST", "/memberships", 422, json={"code": "wrong"})
    joined = await eve.json("POST", "/memberships", 201, json={"code": code})
    assert joined["id"] == dataset
    assert [d["id"] for d in (await eve.json("GET", "/memberships"))["items"]] == [dataset]
    response = await eve.ask("GET", f"/datasets/{dataset}/export")
    assert response.content_type == "application/zip"
    assert "attachment" in response.headers["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    assert len([name for name in archive.namelist() if name.endswith(".txt")]) == len(items)
    [member] = (await eve.json("GET", f"/datasets/{dataset}/members"))["items"]
    await eve.ask("DELETE", f"/datasets/{dataset}/members/{member['id']}")
    await eve.json("GET", f"/datasets/{dataset}", 404)
    again = await eve.json("POST", "/memberships", 201, json={"code": code})
    assert again["own"] is False
    await eve.json("DELETE", f"/memberships/{dataset}", 204)
    await eve.json("GET", f"/datasets/{dataset}", 404)
    await ada.ask("DELETE", f"/datasets/{dataset}/invitation")
    await eve.json("POST", "/memberships", 422, json={"code": code})


async def test_an_address_gives_its_file_to_whoever_has_it(
    ada: Api, nobody: Api, studio: Studio, dataset: str
) -> None:
    file, link = await studio.exports.make_file(ada.principal, dataset)
    path = link.split("/api/v1", 1)[1]
    response = await nobody.ask("GET", path)
    assert response.status == 200 and len(await response.read()) == file.bytes
    part = await nobody.ask("GET", path, headers={"Range": "bytes=10-19"})
    assert part.status == 206 and len(await part.read()) == 10
    problem = await nobody.json("GET", f"{path}x", 404)
    assert problem["code"] == "not_found"
