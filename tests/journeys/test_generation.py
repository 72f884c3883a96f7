"""From pictures over a training to generations: the LoRA draws nearer to the dataset than the base model does."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from config.demo.pictures import SHOWN, TRIGGER_WORD, draw_pictures
from config.settings import Settings
from core.accounts.records import Principal
from core.datasets.intake import NewImage
from core.generations.wishes import GenerationWishes, LoraWish
from core.jobs.records import Status
from core.offerings.service import TrainingWishes
from core.studio import Studio
from tests.core.yard import once
from tests.journeys.conftest import work
from tests.worker.people import Person, wait_for
from tests.worker.test_generation import read, wait_drawn
from worker.base_models import load_base
from worker.evaluation import measure_distance
from worker.training.encoding import encode_images
from worker.training.images import load_pixels


async def fill(studio: Studio, folder: Path) -> tuple[Person, list[Path]]:
    """Make somebody with points and the demo's dataset, which also lies in the folder."""
    account, _ = await studio.accounts.first_contact("test", "mira", "mira")
    principal = Principal(account=account.id, role=account.role)
    await studio.points.grant(account.id, 1000, "start", "to try things")
    dataset = await studio.datasets.create(principal, "ghosts")
    files = []
    for picture in draw_pictures().training:
        files.append(folder / f"{picture.name}.png")
        picture.image.save(files[-1])
        image = NewImage(filename=files[-1].name, caption=picture.caption)
        await studio.intake.add_image(principal, dataset.id, once(files[-1].read_bytes()), image)
    return Person(principal, dataset.id), files


async def test_a_fresh_lora_draws_nearer_to_its_dataset_than_the_base_model(
    studio: Studio, settings: Settings, tmp_path: Path
) -> None:
    person, files = await fill(studio, tmp_path)
    wishes = TrainingWishes(
        offering="tiny-lora", trigger_words=(TRIGGER_WORD,), params={"steps": 200}
    )
    async with work(studio, settings):
        job = await studio.jobs.submit(person.principal, person.dataset, wishes, "train")
        trained = await wait_for(studio, person, job)
        assert trained.status is Status.COMPLETED, trained.error
        lora = LoraWish(model=trained.model or "")
        with_it = await _draw(studio, person, "with", lora)
        without = await _draw(studio, person, "without", LoraWish(model=lora.model, weight=0))
    base = load_base(trained.training.base_model)
    with torch.inference_mode():
        known = encode_images(torch.stack([load_pixels(file, 64) for file in files]), base.vae)
        near, far = (
            measure_distance(encode_images(_to_pixels(bodies), base.vae), known)
            for bodies in (with_it, without)
        )
    assert near < 0.92 * far, (near, far)


async def _draw(studio: Studio, person: Person, key: str, *loras: LoraWish) -> list[bytes]:
    """Draw the demo's prompts whose backgrounds the dataset has."""
    bodies = []
    for number, prompt in enumerate(SHOWN[:4]):
        wishes = GenerationWishes(prompt=prompt, loras=loras, seed=11, params={"count": 2})
        job = await studio.generations.submit(person.principal, wishes, f"{key} {number}")
        bodies += await read(studio, await wait_drawn(studio, person, job))
    assert len(bodies) == 8
    return bodies


def _to_pixels(bodies: list[bytes]) -> torch.Tensor:
    values = [np.asarray(Image.open(io.BytesIO(body)), np.float32) for body in bodies]
    return torch.from_numpy(np.stack(values)).permute(0, 3, 1, 2) / 127.5 - 1
