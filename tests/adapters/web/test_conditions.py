"""Conditional requests and compression: nothing is sent twice, nothing of somebody else is undone."""

import pytest

from tests.adapters.web.conftest import Api, World


async def test_an_unchanged_record_is_not_sent_again(ada: Api, dataset: str) -> None:
    for path in (f"/datasets/{dataset}", "/datasets", "/me"):
        first = await ada.ask("GET", path)
        known = {"If-None-Match": first.headers["ETag"]}
        again = await ada.ask("GET", path, headers=known)
        assert (again.status, await again.read()) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert (await ada.ask("HEAD", path, headers=known)).status == 304
    await ada.json("PATCH", f"/datasets/{dataset}", json={"name": "Other"})
    known = {"If-None-Match": (await ada.ask("GET", "/datasets")).headers["ETag"]}
    await ada.json("PATCH", f"/datasets/{dataset}", json={"name": "Cats"})
    assert (await ada.ask("GET", "/datasets", headers=known)).status == 200


@pytest.mark.parametrize("kind", ["dataset", "item", "model"])
async def test_what_somebody_else_has_changed_is_not_changed(
    ada: Api, world: World, kind: str
) -> None:
    item = f"/datasets/{world.dataset_id}/items/{world.item_id}"
    method, record, address, body = {
        "dataset": ("PATCH", f"/datasets/{world.dataset_id}", "", {"name": "New"}),
        "item": ("PUT", item, "/caption", {"text": "new"}),
        "model": ("PATCH", f"/models/{world.model_id}", "", {"description": "new"}),
    }[kind]
    read = (await ada.ask("GET", record)).headers["ETag"]
    headers = {"If-Match": read}
    await ada.json(method, record + address, json=body, headers=headers)
    problem = await ada.json(method, record + address, 412, json=body, headers=headers)
    assert problem["code"] == "changed" and "Load it again" in problem["detail"]
    headers = {"If-Match": (await ada.ask("GET", record)).headers["ETag"]}
    await ada.json(method, record + address, json=body, headers=headers)
    await ada.json(method, record + address, json=body, headers={"If-Match": "*"})
    await ada.json(method, record + address, 422, json=body, headers={"If-Match": '"a", "b"'})


async def test_a_dataset_is_changed_in_two_ways_under_one_condition(ada: Api, dataset: str) -> None:
    item = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"][0]["id"]
    caption = {"text": "x", "set_name": "short"}
    await ada.json("PUT", f"/datasets/{dataset}/items/{item}/caption", json=caption)
    headers = {"If-Match": (await ada.ask("GET", f"/datasets/{dataset}")).headers["ETag"]}
    change = {"name": "New", "default_caption_set": "short"}
    await ada.json("PATCH", f"/datasets/{dataset}", json=change, headers=headers)
    await ada.json("PATCH", f"/datasets/{dataset}", 412, json=change, headers=headers)


async def test_a_thumbnail_is_kept_for_good(ada: Api, world: World) -> None:
    path = f"/datasets/{world.dataset_id}/items/{world.item_id}"
    answer = await ada.ask("GET", f"{path}/thumbnail")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Content-Encoding" not in answer.headers


async def test_long_text_is_compressed_and_short_is_not(ada: Api, nobody: Api) -> None:
    for path in ("/api/v1/openapi.json", "/static/pages.css"):
        plain = await nobody.client.get(path, headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers
        packed = await nobody.client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert await packed.read() == await plain.read()
    size = int((await nobody.client.get("/api/v1/openapi.json")).headers["Content-Length"])
    assert size < len(await (await nobody.client.get("/api/v1/openapi.json")).read()) / 5
    short = await ada.ask("GET", "/me")
    assert "Content-Encoding" not in short.headers
    events = await ada.ask("GET", "/events", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in events.headers
    events.close()
