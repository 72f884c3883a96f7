"""Somebody to measure with: an account, a token, a dataset with small pictures and a training's wishes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import JsonValue

from core.accounts.records import Principal
from core.datasets.intake import NewImage
from core.studio import Studio
from tests.bench.pictures import make_small

PICTURES = 12


@dataclass(frozen=True)
class Person:
    """Who asks, and the headers with which they ask over HTTP."""

    principal: Principal
    headers: dict[str, str]


async def meet(studio: Studio, name: str = "bench") -> Person:
    """Make an account with points and a token."""
    account, _ = await studio.accounts.first_contact("bench", name, name)
    await studio.points.grant(account.id, 100_000, "start", "to measure with")
    _, token = await studio.tokens.create(account, "bench")
    principal = Principal(account=account.id, role=account.role)
    return Person(principal, {"Authorization": f"Bearer {token}"})


async def make_dataset(studio: Studio, person: Person, pictures: int = PICTURES) -> str:
    """Make a dataset and return its id."""
    dataset = await studio.datasets.create(person.principal, "measured")
    for index, body in enumerate(make_small(pictures, seed=1)):
        image = NewImage(filename=f"{index}.jpg", caption=f"a picture {index}")
        await studio.intake.add_image(person.principal, dataset.id, stream(body), image)
    kept = await studio.datasets.count_active(dataset.id)
    if kept != pictures:
        raise RuntimeError(f"{pictures} pictures were made, {kept} of them different")
    return dataset.id


def make_order(dataset: str, steps: int) -> dict[str, JsonValue]:
    """Make the body of a POST to /trainings: tiny-lora's defaults, one sample prompt."""
    return {
        "dataset": dataset,
        "offering": "tiny-lora",
        "trigger_words": ["bench"],
        "params": {"steps": steps, "sample_every_steps": 5000},
    }


async def stream(body: bytes) -> AsyncIterator[bytes]:
    yield body
