"""Models at work over HTTP: published, found, liked, and brought into prompts."""

import pytest

from core.accounts.records import Role
from core.studio import Studio
from tests.adapters.web.conftest import Api, Json, World


async def publish(api: Api, world: World, **body: Json) -> Json:
    path = f"/models/{world.model_id}/publication"
    return await api.json("PUT", path, json={"trigger_words": ["miracat"], **body})


async def resolve(api: Api, prompt: str, **body: Json) -> Json:
    return await api.json("POST", "/loras/resolve", json={"prompt": prompt, **body})


async def test_a_published_model_is_found_seen_and_resolved_by_others(
    ada: Api, eve: Api, world: World
) -> None:
    assert (await resolve(eve, "a miracat"))["models"] == []
    mine = await publish(ada, world)
    assert mine["access"] == "public" and mine["provenance"]["job"] == world.training_id
    assert mine["shares"] == [{"account": ada.account.id, "bps": 10_000, "pictures": 3}]
    listed = await eve.json("GET", "/models?show=public&family=tiny&text=MIRACAT&order=popular")
    shown = await eve.json("GET", f"/models/by-slug/{mine['slug'].upper()}")
    assert listed["items"] == [shown] == [await eve.json("GET", f"/models/{world.model_id}")]
    hidden = {"job": None, "dataset": None, "snapshot_digest": None, "seed": None}
    less = {"files": [], "shares": [], "provenance": {**mine["provenance"], **hidden}}
    assert shown == {**mine, **less}
    found = await resolve(eve, "a (MiraCat:0.5), <lora:nothing:1>", family="tiny")
    assert found["prompt"] == "a mycat,"
    assert found["tagged_prompt"] == f"<lora:{mine['slug']}:0.5> a mycat,"
    assert found["models"] == [
        {
            **{name: mine[name] for name in ("id", "slug", "name", "family", "sampler")},
            "owner": ada.account.id,
            "weight": 0.5,
            "trigger_word": "miracat",
        }
    ]
    assert len(found["warnings"]) == 1 and found["renamed"] == []


async def test_publishing_is_tried_before_it_is_done(ada: Api, eve: Api, world: World) -> None:
    path = f"/models/{world.model_id}/publication/preview"
    refused = await ada.json("POST", path, 422, json={"trigger_words": ["tree"]})
    assert "everyday" in refused["detail"]
    assert await ada.json("POST", path, json={"trigger_words": ["miracat"]}) == {
        "access": "public",
        "trigger_words": ["miracat"],
        "shares": [{"account": ada.account.id, "bps": 10_000, "pictures": 3}],
    }
    assert (await ada.json("GET", f"/models/{world.model_id}"))["access"] == "private"
    await publish(ada, world)
    await eve.json("POST", path, 403, json={})


async def test_a_model_says_whether_it_is_a_favourite_of_who_asks(
    ada: Api, eve: Api, world: World
) -> None:
    await publish(ada, world)
    path = f"/models/{world.model_id}"
    assert (await eve.json("PUT", f"{path}/favourite"))["is_favourite"]
    liked = (await eve.json("GET", "/models?show=public"))["items"]
    assert [model["is_favourite"] for model in liked] == [True]
    assert not (await ada.json("GET", path))["is_favourite"]
    await eve.json("DELETE", f"{path}/favourite", 204)
    assert not (await eve.json("GET", path))["is_favourite"]


async def test_a_withdrawn_model_is_gone_for_others(ada: Api, eve: Api, world: World) -> None:
    await publish(ada, world)
    await ada.json("DELETE", f"/models/{world.model_id}/publication", 204)
    await eve.json("GET", f"/models/{world.model_id}", 404)
    assert (await resolve(eve, "miracat"))["models"] == []
    assert (await resolve(ada, "miracat"))["models"][0]["id"] == world.model_id


async def test_what_others_see_is_theirs_to_like_and_not_to_change(
    ada: Api, eve: Api, world: World
) -> None:
    await publish(ada, world)
    path = f"/models/{world.model_id}"
    for method, below, body in (
        ("PATCH", "", {"name": "mine"}),
        ("PUT", "/publication", {}),
        ("DELETE", "/publication", None),
        ("PUT", "/state", {"state": "frozen"}),
    ):
        problem = await eve.json(method, path + below, 403, json=body)
        assert problem["code"] == "forbidden"
    for _ in range(2):
        assert (await eve.json("PUT", f"{path}/favourite"))["favourites"] == 1
    assert len((await eve.json("GET", "/models?show=favourites"))["items"]) == 1
    await ada.json("DELETE", f"{path}/publication", 204)
    assert (await eve.json("GET", "/models?show=favourites"))["items"] == []
    await eve.json("DELETE", f"{path}/favourite", 204)
    assert (await ada.json("GET", path))["favourites"] == 0
    await eve.json("DELETE", f"{path}/favourite", 404)


async def test_a_change_is_made_whole_or_not_at_all(ada: Api, world: World) -> None:
    await publish(ada, world)
    path = f"/models/{world.model_id}"
    before = await ada.json("GET", path)
    refused: list[Json] = [
        {"default_weight": 1e9},
        {"tags": ["x"] * 5 + [str(n) for n in range(11)]},
        {"trigger_words": ["girl"]},
        {"trigger_words": []},
        {"trigger_words": ["mira\u200bcat"]},
        {"owner": "me"},
    ]
    for wrong in refused:
        body = {"name": "Other", "tags": ["a"], **wrong}
        await ada.json("PATCH", path, 422, json=body)
        assert await ada.json("GET", path) == before
    change = {
        "name": "Our cat",
        "tags": ["Cat"],
        "trigger_words": ["miratom"],
        "downloadable": True,
    }
    after = await ada.json("PATCH", path, json={**change, "default_weight": 0.8})
    assert (after["slug"], after["tags"], after["default_weight"]) == ("our-cat", ["cat"], 0.8)
    assert after["old_words"] == [{"word": "miracat", "now": "miratom"}]
    old = (await resolve(ada, f"miracat <lora:{before['slug']}:1>"))["renamed"]
    assert {(r["old"], r["now"]) for r in old} == {
        ("miracat", "miratom"),
        (before["slug"], "our-cat"),
    }


async def test_a_taken_word_has_its_own_code(ada: Api, eve: Api, world: World) -> None:
    await publish(ada, world)
    headers = {"Idempotency-Key": "again"}
    body = {"trigger_words": ["m1racat"], "access": "public"}
    other = await ada.json("POST", f"/trainings/{world.training_id}/retry", 409, headers=headers)
    assert other["code"]
    problem = await ada.json(
        "PUT",
        f"/models/{world.model_id}/publication",
        422,
        json={**body, "trigger_words": ["tree"]},
    )
    assert (problem["code"], "everyday" in problem["detail"]) == ("invalid", True)
    assert (await publish(ada, world, **body))["trigger_words"] == ["m1racat"]


async def test_weights_are_the_owners_until_others_may_have_them(
    ada: Api, eve: Api, world: World
) -> None:
    await publish(ada, world)
    path = f"/models/{world.model_id}/files"
    assert (await eve.ask("GET", f"{path}/sample.png")).status == 200
    await eve.json("GET", f"{path}/mycat.safetensors", 404)
    await ada.json("PATCH", f"/models/{world.model_id}", json={"downloadable": True})
    assert (await eve.ask("GET", f"{path}/mycat.safetensors")).status == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"prompt": "x" * 20_001}, "at most 20000 characters"),
        ({"prompt": "x", "family": "sdlx"}, "There are: "),
        ({"prompt": None}, "valid string"),
        ({}, "missing"),
    ],
)
async def test_a_prompt_that_cannot_be_resolved_is_refused_in_words(
    ada: Api, body: Json, words: str
) -> None:
    problem = await ada.json("POST", "/loras/resolve", 422, json=body)
    assert words in problem["detail"]


async def test_an_admin_freezes_a_model(ada: Api, eve: Api, world: World, studio: Studio) -> None:
    await publish(ada, world)
    boss, _ = await studio.accounts.first_contact("test", "boss", "boss", role=Role.ADMIN)
    _, token = await studio.tokens.create(boss, "boss")
    admin = Api(ada.client, boss, token)
    path = f"/models/{world.model_id}"
    assert (await admin.json("PUT", f"{path}/state", json={"state": "frozen"}))["state"] == "frozen"
    await eve.json("GET", path, 404)
    assert (await ada.json("GET", path))["state"] == "frozen"
    await ada.json("DELETE", f"{path}/publication", 422)
