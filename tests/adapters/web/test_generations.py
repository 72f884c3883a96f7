"""Generations: priced, bought once, followed, cancelled, and their pictures."""

import asyncio
import io
import json
import zipfile

import pytest

from core.jobs.records import Failure
from core.studio import Studio
from tests.adapters.web.conftest import (
    DRAWING,
    PREFIX,
    Api,
    World,
    draw,
    end_drawing,
    order,
)


async def balance(api: Api) -> int:
    return int((await api.json("GET", "/points/balance"))["balance_points"])


async def test_offers_say_what_can_be_set_and_a_quote_what_it_costs(ada: Api) -> None:
    offers = (await ada.json("GET", "/generation-offers"))["items"]
    assert [offer["base_model"]["id"] for offer in offers] == ["tiny-sd", "sd-1.5", "sdxl-1.0"]
    assert [param["name"] for param in offers[0]["params"]][:3] == [
        "width_px",
        "height_px",
        "steps",
    ]
    quoted = await ada.json("POST", "/generations/quote", json=DRAWING)
    rates = offers[0]["price"]
    work = 2 * 20 / 1000 * rates["points_per_1000_steps"]
    assert quoted["quote"]["points"] == -(-(rates["base_points"] + work) // 1) == 2
    assert quoted["covered"] and quoted["balance_points"] == 1000
    assert (quoted["royalty_points"], quoted["spec"]["sampler"]) == (0, "usual")
    assert await balance(ada) == 1000
    assert (await ada.json("GET", "/generations"))["items"] == []


async def test_a_generation_is_bought_once_and_is_no_training(ada: Api) -> None:
    made = await asyncio.gather(*(order(ada, seed=None) for _ in range(6)))
    assert len({shown["id"] for shown in made}) == len({s["spec"]["seed"] for s in made}) == 1
    assert await balance(ada) == 998
    shown = await ada.json("GET", f"/generations/{made[0]['id']}")
    assert (shown["status"], shown["spec"]["prompt"]) == ("queued", "mycat on a chair")
    assert (await ada.json("GET", "/generations"))["items"] == [shown]
    assert (await ada.json("GET", "/trainings"))["items"] == []
    await ada.json("GET", f"/trainings/{shown['id']}", 404)
    headers = {"Idempotency-Key": "draw-1"}
    await ada.json("POST", "/generations", 409, json=DRAWING, headers=headers)
    await ada.json("POST", "/generations", 422, json=DRAWING)


async def test_a_loras_weight_and_model_are_checked(ada: Api, eve: Api, world: World) -> None:
    lora = {"model": world.model_id, "weight": 3}
    headers = {"Idempotency-Key": "k"}
    for changes, status, words in (
        ({"loras": [lora]}, 422, "weight is a number from -2 to 2"),
        ({"loras": [{"model": "md_none"}]}, 404, "no such model"),
        ({"prompt": "  "}, 422, "Write what the picture"),
        ({"prompt": "x" * 20_000}, 422, "at most 2000"),
        ({"params": {"count": 99}}, 422, "from 1 to 8"),
        ({"base_model": "gone"}, 422, "can be generated with"),
    ):
        body = {**DRAWING, **changes}
        problem = await ada.json("POST", "/generations", status, json=body, headers=headers)
        assert words in problem["detail"]
    body = {**DRAWING, "loras": [{"model": world.model_id}]}
    await eve.json("POST", "/generations", 404, json=body, headers=headers)


async def test_pictures_are_shown_as_they_come_and_can_be_fetched(ada: Api, studio: Studio) -> None:
    path = f"/generations/{(await order(ada))['id']}"
    job = await draw(studio, 1)
    shown = await ada.json("GET", path)
    assert [(p["index"], p["seed"], p["file"]["name"]) for p in shown["pictures"]] == [
        (0, 5, "1.png")
    ]
    picture = await ada.ask("GET", f"{path}/images/1.png")
    assert (picture.content_type, await picture.read()) == ("image/png", b"\x89PNG 0")
    await ada.json("GET", f"{path}/images/2.png", 404)
    archive = await ada.ask("GET", f"{path}/images")
    assert archive.headers["Content-Disposition"].endswith('="mycat%20on%20a%20chair.zip"')
    with zipfile.ZipFile(io.BytesIO(await archive.read())) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {"1.png": b"\x89PNG 0"}
    asked = await ada.json("POST", f"{path}/cancel")
    assert (asked["status"], asked["cancel_requested"]) == ("running", True)
    await studio.leases.cancel(job)
    ended = await ada.json("GET", path)
    assert (ended["status"], ended["charged_points"], ended["settled"]) == ("cancelled", 2, True)


async def test_a_failed_generation_says_why_and_costs_nothing(ada: Api, studio: Studio) -> None:
    made = await order(ada)
    job = await draw(studio, 1)
    await studio.leases.fail(job, Failure(code="image_nan", message="Lower the weight."))
    failed = await ada.json("GET", f"/generations/{made['id']}")
    assert failed["error"] == {"code": "image_nan", "message": "Lower the weight."}
    assert await balance(ada) == 1000
    news = (await ada.json("GET", "/notifications"))["items"][0]
    assert (news["kind"], news["data"]["generation"]) == ("generation_failed", made["id"])
    await ada.json("POST", f"/generations/{made['id']}/cancel", 409)


async def test_a_generation_is_followed_to_its_end(ada: Api, studio: Studio) -> None:
    made = await order(ada)
    headers = {"Authorization": f"Bearer {ada.token}"}
    path = f"{PREFIX}/generations/{made['id']}/events"
    async with asyncio.timeout(30), ada.client.get(path, headers=headers) as stream:
        heard = []
        async for line in stream.content:
            name, _, text = line.decode().strip().partition(": ")
            if name == "event":
                heard.append(text)
                if text == "snapshot":
                    await end_drawing(studio, await draw(studio))
            if name == "data":
                last = json.loads(text)
    assert set(heard) == {"snapshot", "generation"}
    assert (last["status"], last["pictures"]) == ("completed", ["1.png", "2.png"])


@pytest.mark.parametrize("text", ['{"prompt": "a", "seed": NaN}', '{"prompt": "a", "seed": 1e99}'])
async def test_a_seed_that_is_none_is_refused(ada: Api, text: str) -> None:
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    await ada.json("POST", "/generations", 422, data=text, headers=headers)


async def test_warnings_and_lines_of_the_statement_are_said_in_the_readers_language(
    ada: Api,
) -> None:
    german = {"Accept-Language": "de", "Idempotency-Key": "german"}
    drawing = {**DRAWING, "prompt": "a chair <lora:nobodys:1>"}
    told = (
        "Ein Modell „nobodys“, das du verwenden kannst, gibt es nicht; sein Tag wurde weggelassen."
    )
    quoted = await ada.json("POST", "/generations/quote", json=drawing, headers=german)
    assert quoted["spec"]["warnings"] == [told]
    made = await ada.json("POST", "/generations", 201, json=drawing, headers=german)
    assert made["spec"]["warnings"] == [told]
    (listed,) = (await ada.json("GET", "/generations", headers=german))["items"]
    assert listed["spec"]["warnings"] == [told]
    body = {"prompt": drawing["prompt"], "family": "tiny"}
    resolved = await ada.json("POST", "/loras/resolve", json=body, headers=german)
    assert resolved["warnings"] == [told]
    lines = (await ada.json("GET", "/points/statement", headers=german))["items"]
    assert lines[0]["note"] == "Erzeugte Bilder: 2"
    assert (
        "There is no model"
        in (await ada.json("GET", "/generations"))["items"][0]["spec"]["warnings"][0]
    )
