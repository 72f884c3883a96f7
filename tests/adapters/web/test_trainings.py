"""Trainings: bought once, followed, cancelled, tried again."""

import asyncio

import pytest

from core.jobs.attempts import WORN_OUT
from core.jobs.records import Failure, Kind
from core.studio import Studio
from tests.adapters.web.conftest import Api, World, picture, save, start, submit, wishes


async def balance(api: Api) -> int:
    return int((await api.json("GET", "/points/balance"))["balance_points"])


async def test_a_submitted_training_waits_and_its_points_are_held(ada: Api, dataset: str) -> None:
    training = await submit(ada, dataset)
    shown = await ada.json("GET", f"/trainings/{training}")
    assert (shown["status"], shown["dataset"], shown["settled"]) == ("queued", dataset, True)
    assert shown["spec"]["base_model"] == {
        "id": "tiny-sd",
        "name": shown["spec"]["base_model"]["name"],
        "family": "tiny",
    }
    assert (await ada.json("GET", "/trainings"))["items"] == [shown]
    assert await balance(ada) == 987


async def test_the_same_key_is_the_same_training_also_at_once(ada: Api, dataset: str) -> None:
    made = await asyncio.gather(*(submit(ada, dataset) for _ in range(8)))
    assert len(set(made)) == 1
    assert await balance(ada) == 987
    assert len((await ada.json("GET", "/trainings"))["items"]) == 1


async def test_the_same_key_with_other_content_is_a_conflict(ada: Api, dataset: str) -> None:
    await submit(ada, dataset)
    body = wishes(dataset, params={"steps": 200})
    headers = {"Idempotency-Key": "key-1"}
    problem = await ada.json("POST", "/trainings", 409, json=body, headers=headers)
    assert problem["code"] == "conflict" and await balance(ada) == 987


@pytest.mark.parametrize("key", [None, "", "x" * 201, "a\tb"])
async def test_a_training_needs_a_key(ada: Api, dataset: str, key: str | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    problem = await ada.json("POST", "/trainings", 422, json=wishes(dataset), headers=headers)
    assert "Idempotency-Key" in problem["detail"] and await balance(ada) == 1000


async def test_one_point_too_few_buys_nothing_and_holds_nothing(
    eve: Api, studio: Studio, ada: Api
) -> None:
    made = await eve.json("POST", "/datasets", 201, json={"name": "Dogs"})
    await eve.upload(made["id"], *((f"{n}.png", save(picture(n))) for n in (1, 2, 3)))
    await studio.points.grant(eve.account.id, 12, "welcome", "Welcome")
    headers = {"Idempotency-Key": "k"}
    problem = await eve.json("POST", "/trainings", 402, json=wishes(made["id"]), headers=headers)
    assert problem["code"] == "insufficient_points" and "1 more" in problem["detail"]
    assert await balance(eve) == 12
    assert (await eve.json("GET", "/trainings"))["items"] == []
    assert len((await eve.json("GET", "/points/statement"))["items"]) == 1
    await studio.points.grant(eve.account.id, 1, "tip", "Tip")
    await eve.json("POST", "/trainings", 201, json=wishes(made["id"]), headers=headers)
    assert await balance(eve) == 0


async def test_a_training_out_of_bounds_is_refused_in_words(ada: Api, dataset: str) -> None:
    headers = {"Idempotency-Key": "k"}
    for changes, words in (
        ({"trigger_words": []}, "one to four trigger words"),
        ({"trigger_words": ["<lora>"]}, "brackets"),
        ({"sample_prompts": ["x" * 501]}, "sample prompts"),
        ({"offering": "sd15-lora", "params": {}}, "5 to 1000 images"),
    ):
        body = wishes(dataset, **changes)
        problem = await ada.json("POST", "/trainings", 422, json=body, headers=headers)
        assert words in problem["detail"]
    body = wishes("ds_none")
    await ada.json("POST", "/trainings", 404, json=body, headers=headers)
    assert await balance(ada) == 1000


async def test_a_cancelled_training_gives_its_points_back_and_can_be_tried_again(
    ada: Api, dataset: str
) -> None:
    training = await submit(ada, dataset)
    cancelled = await ada.json("POST", f"/trainings/{training}/cancel")
    assert cancelled["status"] == "cancelled"
    assert (await ada.json("POST", f"/trainings/{training}/cancel"))["status"] == "cancelled"
    assert await balance(ada) == 1000
    headers = {"Idempotency-Key": "again"}
    retries = [
        await ada.json("POST", f"/trainings/{training}/retry", 201, headers=headers)
        for _ in range(2)
    ]
    assert retries[0]["id"] == retries[1]["id"] != training
    assert await balance(ada) == 987
    headers = {"Idempotency-Key": "key-1"}
    await ada.json("POST", f"/trainings/{training}/retry", 409, headers=headers)
    await ada.json("POST", f"/trainings/{training}/retry", 422)


async def test_what_runs_can_be_asked_to_stop_and_what_has_ended_cannot(
    ada: Api, dataset: str, studio: Studio
) -> None:
    training = await submit(ada, dataset)
    job = await start(studio, training)
    asked = await ada.json("POST", f"/trainings/{training}/cancel")
    assert (asked["status"], asked["cancel_requested"]) == ("running", True)
    headers = {"Idempotency-Key": "again"}
    await ada.json("POST", f"/trainings/{training}/retry", 409, headers=headers)
    await studio.leases.fail(job, Failure(code="out_of_memory", message="Too large."))
    failed = await ada.json("GET", f"/trainings/{training}")
    assert failed["error"] == {"code": "out_of_memory", "message": "Too large."}
    problem = await ada.json("POST", f"/trainings/{training}/cancel", 409)
    assert "already failed" in problem["detail"]


async def test_a_finished_training_shows_its_model_samples_and_losses(
    ada: Api, world: World, studio: Studio
) -> None:
    points = [(n, 0.5, 0.001) for n in range(1200)]
    await studio.losses.append(world.training_id, points)
    path = f"/trainings/{world.training_id}"
    shown = await ada.json("GET", path)
    assert (shown["status"], shown["model"], shown["charged_points"]) == (
        "completed",
        world.model_id,
        13,
    )
    assert [sample["file"]["name"] for sample in shown["samples"]] == ["sample.png"]
    metrics = await ada.json("GET", f"{path}/metrics")
    assert len(metrics["points"]) == 1200
    assert metrics["points"][3] == {"step": 3, "loss": 0.5, "learning_rate": 0.001}
    sample = await ada.ask("GET", f"{path}/samples/sample.png")
    assert (sample.content_type, await sample.read()) == ("image/png", b"\x89PNG")
    await ada.json("GET", f"{path}/samples/other.png", 404)
    await ada.json("GET", f"{path}/samples/..%2F..%2Fsecret", 404)


async def test_a_loss_history_is_read_from_where_it_was_left(
    ada: Api, world: World, studio: Studio
) -> None:
    await studio.losses.append(world.training_id, [(n, 0.5, 0.001) for n in range(1, 1203)])
    await studio.losses.append_validation(world.training_id, [(40, 0.7), (1200, 0.6)])
    path = f"/trainings/{world.training_id}/metrics"
    rest = await ada.json("GET", path, params={"after": "1000"})
    assert [point["step"] for point in rest["points"]] == list(range(1001, 1203))
    assert rest["validation"] == [{"step": 1200, "loss": 0.6}]
    assert (await ada.json("GET", path, params={"after": "1202"}))["points"] == []
    await ada.json("GET", path, 422, params={"after": "-2"})


async def test_trainings_are_listed_by_how_they_stand(ada: Api, world: World, dataset: str) -> None:
    waiting = await submit(ada, dataset, "key-2")
    gone = await submit(ada, dataset, "key-3")
    await ada.json("POST", f"/trainings/{gone}/cancel")
    for show, ids in (
        ("all", [gone, waiting, world.training_id]),
        ("active", [waiting]),
        ("completed", [world.training_id]),
        ("cancelled", [gone]),
        ("failed", []),
    ):
        listed = await ada.json("GET", "/trainings", params={"show": show})
        assert [training["id"] for training in listed["items"]] == ids
    await ada.json("GET", "/trainings", 422, params={"show": "pending"})


async def test_why_a_training_failed_is_told_in_the_language_that_is_asked_for(
    ada: Api, dataset: str, studio: Studio
) -> None:
    training = await submit(ada, dataset)
    failure = WORN_OUT[Kind.TRAIN]
    await studio.leases.fail(await start(studio, training), failure)
    german = {"Accept-Language": "de"}
    shown = await ada.json("GET", f"/trainings/{training}", headers=german)
    assert shown["error"]["code"] == "worker_lost" and "Punkte" in shown["error"]["message"]
    assert (await ada.json("GET", f"/trainings/{training}"))["error"]["message"] == failure.message
