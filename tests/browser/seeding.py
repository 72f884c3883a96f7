"""Fills a Trainyard as its first weeks would: datasets, a training, a published model, and somebody who uses it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page
from pydantic import JsonValue

from config.accounts import make_token
from config.demo.answers import Training
from config.demo.person import Person, sign_in
from config.demo.pictures import TRIGGER_WORD, draw_pictures
from tests.browser.yard import Yard, run_apart

MAKER, GUEST = "Mira", "Jonas"
QUICK_PARAMS: Mapping[str, JsonValue] = {
    "steps": 10,
    "train_batch_size": 2,
    "rank": 2,
    "sample_every_steps": 10,
    "lr_warmup_steps": 2,
}
"""A training that takes seconds."""


@dataclass(frozen=True)
class Seeded:
    """Where it is, and the ids of what was made."""

    url: str
    dataset: str
    training: str
    model: str
    generation: str

    def list_places(self, page: Page) -> dict[str, str]:
        """Every page there is, by a name; `page` is the maker's, who is an admin."""
        items = page.request.get(f"{self.url}/api/v1/datasets/{self.dataset}/items?limit=1")
        item = items.json()["items"][0]["id"]
        dataset = f"/datasets/{self.dataset}"
        return {
            "home": "/",
            "datasets": "/datasets",
            "dataset": dataset,
            "dataset-picture": f"{dataset}?item={item}",
            "dataset-captions": f"{dataset}?tab=captions",
            "dataset-check": f"{dataset}?tab=report",
            "dataset-sharing": f"{dataset}?tab=sharing",
            "train": f"/train?dataset={self.dataset}",
            "trainings": "/trainings",
            "training": f"/trainings/{self.training}",
            "models": "/models",
            "models-popular": "/models?view=popular",
            "model": f"/models/{self.model}",
            "generate": f"/generate?again={self.generation}",
            "generation": f"/generations/{self.generation}",
            "points": "/points",
            "points-earnings": "/points?tab=earnings",
            "points-more": "/points?tab=more",
            "inbox": "/inbox",
            "account": "/account",
            "admin-people": "/admin?tab=people",
            "admin-jobs": "/admin?tab=jobs",
            "admin-ledger": "/admin?tab=ledger",
            "style": "/style",
            "not-found": "/models/md_aaaaaaaaaaaaaaaa",
        }


def seed(yard: Yard, folder: Path, params: Mapping[str, JsonValue] = QUICK_PARAMS) -> Seeded:
    """Fill a Trainyard; `folder` is for the pictures on their way."""
    return run_apart(_seed(yard, folder, dict(params)))


async def _seed(yard: Yard, folder: Path, params: dict[str, JsonValue]) -> Seeded:
    token = await make_token(yard.settings, MAKER, points=500, admin=True)
    guest_token = await make_token(yard.settings, GUEST, points=100)
    async with sign_in(yard.url, token) as maker, sign_in(yard.url, guest_token) as guest:
        ghosts = await _gather(maker, "Ghosts", folder, 12)
        await _gather(maker, "A second look", folder, 5)
        training = await _train(maker, ghosts, params)
        assert training.model is not None, training.error
        await maker.publish(training.model)
        drawing: dict[str, JsonValue] = {
            "prompt": f"a large {TRIGGER_WORD} on a yellow background, in the centre",
            "params": {"count": 4},
            "seed": 3,
        }
        await _draw(guest, drawing)
        mine = await _draw(maker, drawing)
        await maker.wait_until_paid()
        return Seeded(yard.url, ghosts, training.id, training.model, mine)


async def _gather(person: Person, name: str, folder: Path, count: int) -> str:
    """Make a dataset of ghosts and return its id."""
    dataset = await person.create_dataset(name, "Drawn by a program.")
    files = []
    for picture in draw_pictures(count).training:
        file = folder / f"{picture.name}.png"
        picture.image.save(file)
        files.append((file, picture.caption))
    await person.upload(dataset.id, files)
    return dataset.id


async def _train(person: Person, dataset: str, params: dict[str, JsonValue]) -> Training:
    """Train on a dataset, until it is paid."""
    body: dict[str, JsonValue] = {
        "dataset": dataset,
        "offering": "tiny-lora",
        "trigger_words": [TRIGGER_WORD],
        "sample_prompts": [
            f"a large {TRIGGER_WORD} on a red background, in the centre",
            f"a small {TRIGGER_WORD} on a purple background, on the left",
        ],
        "params": params,
    }
    training = await person.submit(body, secrets.token_hex(8))
    await _wait(person, f"trainings/{training.id}")
    return await person.wait_until_settled(training.id)


async def _draw(person: Person, body: dict[str, JsonValue]) -> str:
    """Have pictures drawn, and return the generation's id when they are paid."""
    drawn = await person.generate(body, secrets.token_hex(8))
    await _wait(person, f"generations/{drawn.id}")
    return (await person.wait_until_drawn(drawn.id)).id


async def _wait(person: Person, job: str) -> None:
    """Return when a job has ended."""
    async for _ in person.follow(job):
        pass
