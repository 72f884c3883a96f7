"""Fills a Trainyard as its first weeks would: datasets, a training, a published model, and somebody who uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from adapters.client import TrainyardClient, connect
from adapters.client.models import NewDataset, NewGeneration, NewTraining, Publication, TrainingView
from adapters.client.uploads import Picture
from config.accounts import make_token
from config.demo.pictures import TRIGGER_WORD, draw_pictures
from config.demo.waiting import wait_until_paid
from core.offerings.records import ParamValue
from tests.browser.yard import Yard, run_apart

MAKER, GUEST = "Mira", "Jonas"
QUICK_PARAMS: Mapping[str, ParamValue] = {
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


def seed(yard: Yard, folder: Path, params: Mapping[str, ParamValue] = QUICK_PARAMS) -> Seeded:
    """Fill a Trainyard; `folder` is for the pictures on their way."""
    return run_apart(_seed(yard, folder, dict(params)))


async def _seed(yard: Yard, folder: Path, params: dict[str, ParamValue]) -> Seeded:
    token = await make_token(yard.settings, MAKER, points=500, admin=True)
    guest_token = await make_token(yard.settings, GUEST, points=100)
    async with connect(yard.url, token) as maker, connect(yard.url, guest_token) as guest:
        ghosts = await _gather(maker, "Ghosts", folder, 12)
        await _gather(maker, "A second look", folder, 5)
        training = await _train(maker, ghosts, params)
        assert training.model is not None, training.error
        await maker.publish_model(training.model, Publication(access="public"))
        await _draw(guest)
        mine = await _draw(maker)
        await wait_until_paid(maker)
        return Seeded(yard.url, ghosts, training.id, training.model, mine)


async def _gather(person: TrainyardClient, name: str, folder: Path, count: int) -> str:
    """Make a dataset of ghosts and return its id."""
    dataset = await person.create_dataset(NewDataset(name=name, description="Drawn by a program."))
    pictures = []
    for drawn in draw_pictures(count).training:
        pictures.append(Picture(folder / f"{drawn.name}.png", drawn.caption))
        drawn.image.save(pictures[-1].file)
    await person.upload_pictures(dataset.id, pictures)
    return dataset.id


async def _train(
    person: TrainyardClient, dataset: str, params: dict[str, ParamValue]
) -> TrainingView:
    """Train on a dataset, until it is paid."""
    order = NewTraining(
        dataset=dataset,
        offering="tiny-lora",
        trigger_words=[TRIGGER_WORD],
        sample_prompts=[
            f"a large {TRIGGER_WORD} on a red background, in the centre",
            f"a small {TRIGGER_WORD} on a purple background, on the left",
        ],
        params=params,
    )
    return await person.wait_for_training((await person.submit_training(order)).id)


async def _draw(person: TrainyardClient) -> str:
    """Have four pictures drawn, and return the generation's id when they are paid."""
    prompt = f"a large {TRIGGER_WORD} on a yellow background, in the centre"
    drawn = await person.submit_generation(
        NewGeneration(prompt=prompt, seed=3, params={"count": 4})
    )
    return (await person.wait_for_generation(drawn.id)).id
