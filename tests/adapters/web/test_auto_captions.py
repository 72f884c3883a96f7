"""Captions by a model: priced, bought once, written, looked at and cancelled."""

import asyncio

from core.jobs.records import Job, Kind
from core.offerings.captioning import CaptionOffer
from core.studio import Studio
from tests.adapters.web.conftest import Api, order_captions


async def balance(api: Api) -> int:
    return int((await api.json("GET", "/points/balance"))["balance_points"])


async def write_all(studio: Studio) -> Job:
    """Let a worker caption the only job's pictures."""
    job = await studio.leases.claim("worker-3", frozenset(), frozenset({Kind.CAPTION}))
    assert job is not None
    job = await studio.leases.start_running(job)
    snapshot = await studio.snapshots.get(job.snapshot)
    for index, item in enumerate(snapshot.items):
        job = await studio.auto_captions.write(job, index, item.item, f"what is on {index}")
    job = await studio.leases.start_finishing(job)
    return await studio.leases.complete(job, (), job.steps_done)


async def test_captions_are_priced_bought_once_and_written_into_their_set(
    ada: Api, studio: Studio, dataset: str
) -> None:
    wanted = {"prefix": "mycat"}
    quoted = await ada.json("POST", f"/datasets/{dataset}/auto-captions/quote", json=wanted)
    inputs = quoted["quote"]["inputs"]
    assert quoted["quote"]["points"] == -(-3 * inputs["points_per_100_pictures"] // 100) == 1
    assert quoted["covered"] and quoted["spec"]["left_out"] == 0
    made = await asyncio.gather(*(order_captions(ada, dataset, **wanted) for _ in range(5)))
    assert len({shown["id"] for shown in made}) == 1 and await balance(ada) == 999
    headers = {"Idempotency-Key": "caption-1"}
    path = f"/datasets/{dataset}/auto-captions"
    await ada.json("POST", path, 409, json={"prefix": "other"}, headers=headers)
    await ada.json("POST", path, 422, json=wanted)
    assert [j["id"] for j in (await ada.json("GET", "/auto-captions"))["items"]] == [made[0]["id"]]
    await ada.json("GET", f"/trainings/{made[0]['id']}", 404)
    await write_all(studio)
    done = await ada.json("GET", f"/auto-captions/{made[0]['id']}")
    assert (done["status"], done["captions"], done["charged_points"]) == ("completed", 3, 1)
    items = (await ada.json("GET", f"/datasets/{dataset}/items"))["items"]
    assert items[0]["captions"] == {"default": "cat 1", "auto": "mycat, what is on 0"}
    news = (await ada.json("GET", "/notifications"))["items"][0]
    assert (news["kind"], news["data"]["captions"]) == ("captions_completed", 3)
    chosen = {"default_caption_set": "auto"}
    changed = await ada.json("PATCH", f"/datasets/{dataset}", json=chosen)
    assert changed["default_caption_set"] == "auto" and changed["name"] == "Cats"
    problem = await ada.json(
        "PATCH", f"/datasets/{dataset}", 422, json={"default_caption_set": "x"}
    )
    assert "No picture of this dataset" in problem["detail"]
    problem = await ada.json("POST", f"{path}/quote", 422, json={})
    assert "Every picture has a caption" in problem["detail"]
    problem = await ada.json("POST", f"/auto-captions/{done['id']}/cancel", 409)
    assert "already finished" in problem["detail"]


async def test_a_waiting_job_is_cancelled_and_costs_nothing(ada: Api, dataset: str) -> None:
    made = await order_captions(ada, dataset)
    ended = await ada.json("POST", f"/auto-captions/{made['id']}/cancel")
    assert (ended["status"], ended["charged_points"], ended["settled"]) == ("cancelled", 0, True)
    assert await balance(ada) == 1000


async def test_without_a_model_the_answer_says_how_to_switch_it_on(
    ada: Api, studio: Studio, dataset: str
) -> None:
    studio.offerings.captions = CaptionOffer()
    problem = await ada.json("POST", f"/datasets/{dataset}/auto-captions/quote", 422, json={})
    assert problem["code"] == "captions_off" and "TRAINYARD_CAPTION_MODEL" in problem["detail"]
