"""People with trained models, on a yard."""

from core.accounts.records import Principal
from core.jobs.records import StoredFile
from core.models.records import TrainedModel
from core.models.resolution import Resolution
from core.offerings.service import TrainingWishes
from tests.core.yard import STEPS, Yard, make_item, once, wishes

FAMILY = "tiny"


async def train_model(
    yard: Yard,
    person: Principal,
    *words: str,
    pictures_of: tuple[Principal, ...] = (),
    weights: str = "lora.safetensors",
    steps: int = STEPS,
) -> TrainedModel:
    """Train a model with these trigger words, on a picture of each of these people, or on three own ones."""
    dataset = await yard.studio.datasets.create(person, f"about {words[0]}")
    for number, contributor in enumerate(pictures_of or (person,) * 3):
        await yard.stores.items.insert(make_item(yard.clock, contributor, dataset.id, number))
    wanted = TrainingWishes(**{**wishes(steps=steps).model_dump(), "trigger_words": words})
    await yard.studio.jobs.submit(person, dataset.id, wanted, f"train {words}")
    job = await yard.studio.leases.start_finishing(await yard.start())
    files = []
    for name in filter(None, (weights, "README.md")):
        info = await yard.blobs.put(
            f"jobs/{job.id}/a1/{name}", once(b"w"), content_type="application/octet-stream"
        )
        files.append(StoredFile(name=name, **info.model_dump()))
    done = await yard.studio.leases.complete(job, tuple(files) if weights else ())
    assert done.model is not None
    return await yard.studio.models.get(person, done.model)


async def publish(yard: Yard, person: Principal, *words: str) -> TrainedModel:
    """Train a model and publish it under the words that it was trained with."""
    model = await train_model(yard, person, *words)
    return await yard.studio.publishing.publish(person, model.id)


async def resolve(yard: Yard, person: Principal, prompt: str) -> Resolution:
    return await yard.studio.resolver.resolve(person, prompt, FAMILY)


def slugs(resolution: Resolution) -> list[str]:
    return [model.slug for model in resolution.models]
