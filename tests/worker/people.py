"""A person with points and a small dataset, as many worker tests need one."""

import asyncio
import io
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from core.accounts.records import Principal
from core.datasets.intake import NewImage
from core.jobs.records import TERMINAL, Job
from core.offerings.records import ParamValue
from core.offerings.service import TrainingWishes
from core.studio import Studio

QUICK: dict[str, ParamValue] = {
    "steps": 12,
    "train_batch_size": 2,
    "rank": 2,
    "sample_every_steps": 10,
    "lr_warmup_steps": 2,
}
"""Settings with which a training takes about two seconds."""


@dataclass(frozen=True)
class Person:
    """Somebody who trains."""

    principal: Principal
    dataset: str


async def meet(studio: Studio, name: str = "mira", points: int = 1000, images: int = 4) -> Person:
    """Make an account with points and a dataset of drawn pictures."""
    account, _ = await studio.accounts.first_contact("test", name, name)
    principal = Principal(account=account.id, role=account.role)
    if points:
        await studio.points.grant(account.id, points, f"start:{name}", "to try things")
    dataset = await studio.datasets.create(principal, f"{name}'s flags")
    for index in range(images):
        body = _stream(draw_flag(index))
        image = NewImage(filename=f"{index}.png", caption=f"a striped flag {index}")
        await studio.intake.add_image(principal, dataset.id, body, image)
    return Person(principal, dataset.id)


async def submit(studio: Studio, person: Person, key: str = "first", **params: ParamValue) -> Job:
    """Submit a quick training."""
    wishes = TrainingWishes(
        offering="tiny-lora",
        trigger_words=("flagon",),
        sample_prompts=("a flagon",),
        params={**QUICK, **params},
    )
    return await studio.jobs.submit(person.principal, person.dataset, wishes, key)


async def wait_for(studio: Studio, person: Person, job: Job, *statuses: str) -> Job:
    """Return the job once it has one of these states, or has ended when none is named."""
    wanted = set(statuses) or {status.value for status in TERMINAL}
    async with asyncio.timeout(240):
        while True:
            fresh = await studio.jobs.get(person.principal, job.id)
            if fresh.status.value in wanted and not fresh.needs_settling:
                return fresh
            await asyncio.sleep(0.05)


def draw_flag(index: int) -> bytes:
    """Draw a striped flag as PNG bytes; each index another one."""
    return draw_picture(index, (96, 96))


def draw_picture(index: int, size: tuple[int, int]) -> bytes:
    """Draw a striped flag of some size as PNG bytes; each index another one."""
    rng = random.Random(index)
    picture = Image.new("RGB", size, tuple(rng.randrange(256) for _ in range(3)))
    pen = ImageDraw.Draw(picture)
    for top in range(0, size[1], 12 + index):
        colour = tuple(rng.randrange(256) for _ in range(3))
        pen.rectangle((8, top, size[0] - 8, top + 6), fill=colour)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


async def _stream(body: bytes) -> AsyncIterator[bytes]:
    yield body
