"""A LoRA is trained further through the API, with a real worker: it goes on from what was learned."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.settings import Settings
from core.jobs.starting import WEIGHTS_FILE
from core.studio import Studio
from tests.adapters.web.conftest import Api, Json
from tests.adapters.web.conftest import meet as sign_in
from tests.journeys.conftest import work
from tests.worker.people import Person, meet, wait_for

MEASURED = {"validation_share": 0.25, "sample_every_steps": 5000, "rank": 4, "train_batch_size": 4}
STILL = {"steps": 10, "validation_every_steps": 10, "learning_rate": 1e-6, "lr_warmup_steps": 0}


@pytest.fixture
async def person(studio: Studio) -> Person:
    return await meet(studio, "ada", points=10_000, images=8)


@pytest.fixture
async def api(client: Any, studio: Studio, person: Person) -> Api:
    return await sign_in(client, studio, "ada")


async def train(
    api: Api, studio: Studio, person: Person, key: str, params: Json, **wishes: str
) -> Json:
    """Submit a training and return it once it has ended."""
    body = {
        "dataset": person.dataset,
        "offering": "tiny-lora",
        "trigger_words": ["flagon"],
        "params": params,
        **wishes,
    }
    headers = {"Idempotency-Key": key}
    made = await api.json("POST", "/trainings", 201, json=body, headers=headers)
    job = await studio.jobs.get(person.principal, made["id"])
    await wait_for(studio, person, job)
    return await api.json("GET", f"/trainings/{made['id']}")


async def measure(api: Api, training: Json) -> float:
    """Return the last loss on held-out pictures."""
    metrics = await api.json("GET", f"/trainings/{training['id']}/metrics")
    return float(metrics["validation"][-1]["loss"])


async def test_the_second_training_begins_where_the_first_ended(
    api: Api, studio: Studio, person: Person, settings: Settings
) -> None:
    async with work(studio, settings):
        learning = {**MEASURED, "steps": 150, "validation_every_steps": 150}
        first = await train(api, studio, person, "first", learning)
        assert first["status"] == "completed", first["error"]
        asked = {name: value for name, value in MEASURED.items() if name != "rank"}
        further = await train(
            api, studio, person, "further", {**asked, **STILL}, start_from=first["model"]
        )
        base = await train(api, studio, person, "base", {**MEASURED, **STILL})
    assert further["spec"]["start"] == {"model": first["model"]}
    assert further["spec"]["params"]["rank"] == 4
    learned, went_on, began = [await measure(api, job) for job in (first, further, base)]
    assert learned < 0.97 * began, "or there is nothing to tell apart"
    assert abs(went_on - learned) < 0.1 * (began - learned)
    model = await api.json("GET", f"/models/{further['model']}")
    assert model["provenance"]["started_from"] == first["model"]
    earlier = await api.json("GET", f"/models/{first['model']}")
    (weights,) = [file for file in earlier["files"] if file["name"] == WEIGHTS_FILE]
    card = await api.ask("GET", f"/models/{further['model']}/files/README.md")
    assert f"trained further from | {weights['sha256']}" in await card.text()


async def test_weights_that_were_damaged_meanwhile_cost_nothing(
    api: Api, studio: Studio, person: Person, settings: Settings
) -> None:
    async with work(studio, settings):
        short = {"steps": 10, "sample_every_steps": 5000}
        first = await train(api, studio, person, "first", short)
        job = await studio.jobs.get(person.principal, first["id"])
        (weights,) = [file for file in job.artifacts if file.name == WEIGHTS_FILE]
        before = await studio.points.get_balance(person.principal.account)

        async def other() -> AsyncIterator[bytes]:
            yield b"something else"

        await studio.blobs.put(weights.key, other(), content_type="application/octet-stream")
        spoilt = await train(api, studio, person, "further", short, start_from=first["model"])
    assert (spoilt["status"], spoilt["error"]["code"]) == ("failed", "invalid_data")
    assert "goes on from is damaged or gone" in spoilt["error"]["message"]
    assert await studio.points.get_balance(person.principal.account) == before
