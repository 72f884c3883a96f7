"""Datasets and their items, looked at and changed."""

import hashlib

from tests.adapters.web.conftest import Api, picture, save


async def test_a_dataset_is_made_described_listed_and_removed(ada: Api) -> None:
    made = await ada.json("POST", "/datasets", 201, json={"name": " My  cat ", "description": "x"})
    assert (made["name"], made["access"]) == ("My cat", "private")
    path = f"/datasets/{made['id']}"
    changed = await ada.json("PATCH", path, json={"name": "Two cats"})
    assert (changed["name"], changed["description"]) == ("Two cats", "x")
    assert await ada.json("GET", path) == changed
    assert (await ada.json("GET", "/datasets"))["items"] == [changed]
    assert await ada.json("DELETE", path, 204) is None
    await ada.json("GET", path, 404)
    assert await ada.json("GET", "/datasets") == {"items": [], "next": None}


async def test_names_are_checked_by_the_core(ada: Api) -> None:
    problem = await ada.json("POST", "/datasets", 422, json={"name": " "})
    assert problem["code"] == "invalid" and "1 to 100 characters" in problem["detail"]


async def test_a_list_is_paged_without_gap_or_repetition(ada: Api) -> None:
    made = [
        (await ada.json("POST", "/datasets", 201, json={"name": f"D{n}"}))["id"] for n in range(5)
    ]
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = await ada.json("GET", f"/datasets{query}")
        assert len(page["items"]) <= 2
        seen += [dataset["id"] for dataset in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=2&after={page['next']}"
    whole = (await ada.json("GET", "/datasets?limit=200"))["items"]
    assert seen == [dataset["id"] for dataset in whole]
    assert sorted(seen) == sorted(made)


async def test_items_are_listed_shown_captioned_and_removed(ada: Api, dataset: str) -> None:
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    assert [item["captions"]["default"] for item in items] == ["cat 1", "cat 2", "cat 3"]
    path = f"/datasets/{dataset}/items/{items[0]['id']}"
    assert await ada.json("GET", path) == items[0]
    body = {"text": "a red cat", "set_name": "long"}
    changed = await ada.json("PUT", f"{path}/caption", json=body)
    assert changed["captions"] == {"default": "cat 1", "long": "a red cat"}
    problem = await ada.json("PUT", f"{path}/caption", 422, json={"text": "x" * 100_000})
    assert "8 KiB" in problem["detail"]
    await ada.json("DELETE", path, 204)
    await ada.json("GET", path, 404)
    assert len((await ada.json("GET", f"/datasets/{dataset}/items"))["items"]) == 2


async def test_a_removed_picture_is_restored_and_pictures_are_moved(ada: Api, dataset: str) -> None:
    path = f"/datasets/{dataset}"
    items = (await ada.json("GET", f"{path}/items"))["items"]
    first, second, third = (item["id"] for item in items)
    await ada.json("DELETE", f"{path}/items/{first}", 204)
    shown = await ada.json("GET", path)
    assert (shown["items"], shown["cover"], shown["own"]) == (2, second, True)
    restored = await ada.json("POST", f"{path}/items/{first}/restore")
    assert restored == {**items[0], "version": restored["version"]}
    await ada.json("POST", f"{path}/order", 204, json={"items": [third], "before": first})
    await ada.json("POST", f"{path}/order", 422, json={"items": [third], "before": third})
    moved = (await ada.json("GET", f"{path}/items"))["items"]
    assert [item["id"] for item in moved] == [third, first, second]
    assert (await ada.json("GET", "/datasets"))["items"][0]["cover"] == third


async def test_the_report_gives_its_reasons_in_the_language_that_is_asked_for(
    ada: Api, dataset: str
) -> None:
    headers = {"Accept-Language": "de"}
    report = await ada.json("GET", f"/datasets/{dataset}/report", headers=headers)
    reasons = [fit["reason"] for fit in report["offerings"] if not fit["fits"]]
    assert reasons and all("Bilder" in reason for reason in reasons), reasons


async def test_many_captions_are_set_each_on_its_own(ada: Api, dataset: str) -> None:
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    first, second = items[0]["id"], items[1]["id"]
    body = {"captions": {first: "one", second: "x" * 9000, "it_none": "two"}}
    outcomes = (await ada.json("POST", f"/datasets/{dataset}/captions", json=body))["items"]
    assert [(o["item"], o["saved"], o["code"]) for o in outcomes] == [
        (first, True, None),
        (second, False, "invalid"),
        ("it_none", False, "not_found"),
    ]
    shown = await ada.json("GET", f"/datasets/{dataset}/items/{first}")
    assert shown["captions"]["default"] == "one"


async def test_a_picture_and_its_thumbnail_are_sent_once_and_then_revalidated(
    ada: Api, dataset: str
) -> None:
    item = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"][0]
    for name, kind in (("image", "image/png"), ("thumbnail", "image/webp")):
        path = f"/datasets/{dataset}/items/{item['id']}/{name}"
        response = await ada.ask("GET", path)
        body = await response.read()
        assert (response.status, response.content_type) == (200, kind)
        assert response.headers["Cache-Control"].startswith("private")
        assert response.headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"'
        assert response.content_length == len(body)
        again = await ada.ask("GET", path, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status, await again.read()) == (304, b"")
        other = await ada.ask("GET", path, headers={"If-None-Match": '"other"'})
        assert other.status == 200
        head = await ada.ask("HEAD", path)
        assert (head.status, head.content_length, await head.read()) == (200, len(body), b"")
    assert item["sha256"] in (await ada.ask("GET", path.replace(name, "image"))).headers["ETag"]


async def test_the_report_says_what_to_mend_and_what_fits(ada: Api, dataset: str) -> None:
    await ada.upload(dataset, ("plain.png", save(picture(9))))
    report = await ada.json("GET", f"/datasets/{dataset}/report")
    assert report["items"] == 4 and len(report["uncaptioned"]) == 1
    fits = {offering["offering"]: offering["fits"] for offering in report["offerings"]}
    assert fits["tiny-lora"] is True and fits["sd15-lora"] is False


async def test_pictures_that_look_alike_are_grouped(ada: Api, dataset: str) -> None:
    near = [(f"{size}.png", save(picture(7).resize((size, size)))) for size in (90, 100, 110)]
    await ada.upload(dataset, *near)
    report = await ada.json("GET", f"/datasets/{dataset}/report")
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    alike = [item["id"] for item in items if item["filename"] in ("90.png", "100.png", "110.png")]
    assert alike in report["near_duplicate_groups"]
    grouped = [item for group in report["near_duplicate_groups"] for item in group]
    pairs = report["near_duplicates"]
    assert {*grouped} == {pair[end] for pair in pairs for end in ("first", "second")}
