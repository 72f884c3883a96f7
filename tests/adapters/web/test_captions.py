"""Captions of a whole dataset: looked at, changed and counted by set."""

from tests.adapters.web.conftest import Api


async def test_a_change_is_looked_at_before_it_is_made(ada: Api, dataset: str) -> None:
    path = f"/datasets/{dataset}/caption-edits"
    edit = {"kind": "prefix", "text": "mycat, "}
    dry = await ada.json("POST", path, json={**edit, "dry_run": True})
    assert (dry["changed"], dry["dry_run"]) == (3, True)
    assert dry["items"][0]["before"] == "cat 1" and dry["items"][0]["after"] == "mycat, cat 1"
    assert (await ada.json("POST", path, json={**edit, "dry_run": True})) == dry
    done = await ada.json("POST", path, json=edit)
    assert done == {**dry, "dry_run": False}
    assert (await ada.json("POST", path, json=edit))["changed"] == 0
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    assert [item["captions"]["default"] for item in items] == [
        change["after"] for change in done["items"]
    ]


async def test_sets_are_counted_and_changed_apart(ada: Api, eve: Api, dataset: str) -> None:
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    caption = {"text": "a, b", "set_name": "tags"}
    await ada.json("PUT", f"/datasets/{dataset}/items/{items[0]['id']}/caption", json=caption)
    edit = {"kind": "remove_tag", "find": "a", "set_name": "tags"}
    (change,) = (await ada.json("POST", f"/datasets/{dataset}/caption-edits", json=edit))["items"]
    assert change == {"item": items[0]["id"], "before": "a, b", "after": "b"}
    sets = (await ada.json("GET", f"/datasets/{dataset}/caption-sets"))["items"]
    assert [(one["name"], one["captions"], one["is_default"]) for one in sets] == [
        ("default", 3, True),
        ("tags", 1, False),
    ]


async def test_a_change_that_lacks_something_is_refused(ada: Api, dataset: str) -> None:
    for edit in ({"kind": "prefix"}, {"kind": "replace"}, {"kind": "remove_tag", "find": " , "}):
        await ada.json("POST", f"/datasets/{dataset}/caption-edits", 422, json=edit)
