"""Generations from submission to settlement, by a real worker whose child stays warm."""

import asyncio
import os
import signal

from config.settings import Settings
from core.generations.wishes import GenerationWishes, LoraWish
from core.jobs.records import TERMINAL, Job, Status
from core.notifications.records import NewsKind
from core.offerings.records import ParamValue
from core.records import PageRequest
from core.studio import Studio
from tests.worker.conftest import Running, work
from tests.worker.people import Person, meet, submit, wait_for
from tests.worker.test_worker import list_children


async def ask_for(
    studio: Studio, person: Person, key: str, *models: str, **params: ParamValue
) -> Job:
    wishes = GenerationWishes(
        prompt="a striped flag",
        loras=tuple(LoraWish(model=model) for model in models),
        seed=5,
        params={"steps": 4, "count": 2, **params},
    )
    return await studio.generations.submit(person.principal, wishes, f"draw {key}")


async def wait_drawn(studio: Studio, person: Person, job: Job, pictures: int = 99) -> Job:
    """Return the generation once it has so many pictures, or has ended."""
    async with asyncio.timeout(120):
        while True:
            fresh = await studio.generations.get(person.principal, job.id)
            ended = fresh.status in TERMINAL and not fresh.needs_settling
            if ended or len(fresh.pictures) >= pictures:
                return fresh
            await asyncio.sleep(0.02)


async def read(studio: Studio, job: Job) -> list[bytes]:
    return [
        b"".join([chunk async for chunk in studio.blobs.read(picture.file.key)])
        for picture in job.pictures
    ]


async def balance(studio: Studio, person: Person) -> int:
    return await studio.points.get_balance(person.principal.account)


async def test_a_generation_with_a_trained_lora_is_drawn_warm_and_charged_once(
    studio: Studio, running: Running, settings: Settings
) -> None:
    person = await meet(studio)
    async with running():
        trained = await wait_for(studio, person, await submit(studio, person))
        left = await balance(studio, person)
        first = await wait_drawn(studio, person, await ask_for(studio, person, "first"))
        warm = list_children()[0]
        loras = (trained.model or "",)
        second = await wait_drawn(studio, person, await ask_for(studio, person, "second", *loras))
        third = await wait_drawn(studio, person, await ask_for(studio, person, "third"))
        assert warm in list_children(), "one child has drawn all three"
    assert list(settings.scratch_folder.iterdir()) == []
    for job in (first, second, third):
        assert job.status is Status.COMPLETED, job.error
        assert (job.charged_points, job.progress.step) == (job.quote.points, 8)
    states = [line.status.value for line in first.history]
    assert states == ["queued", "preparing", "running", "finishing", "completed"]
    pictures = [await read(studio, job) for job in (first, second, third)]
    assert pictures[0] == pictures[2] != pictures[1]
    assert [picture.seed for picture in first.pictures] == [5, 6]
    assert await balance(studio, person) == left - 3 * first.quote.points
    news = (await studio.notifications.list_own(person.principal, PageRequest())).items
    assert [note.kind for note in news].count(NewsKind.GENERATION_COMPLETED) == 3
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_training_ends_the_warm_child_and_time_ends_it_too(
    studio: Studio, settings: Settings
) -> None:
    person = await meet(studio)
    async with work(studio, settings):
        await wait_drawn(studio, person, await ask_for(studio, person, "first"))
        warm = list_children()[0]
        job = await submit(studio, person)
        await wait_for(studio, person, job, "running")
        assert warm not in list_children()
        await wait_for(studio, person, job)
    hasty = settings.model_copy(update={"generation_idle_s": 0.0})
    async with work(studio, hasty):
        await wait_drawn(studio, person, await ask_for(studio, person, "second"))
        await _wait_for_children(1)
    assert list_children() == []


async def test_a_cancelled_generation_keeps_and_pays_for_what_was_drawn(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        job = await ask_for(studio, person, "long", steps=100, count=8)
        begun = await wait_drawn(studio, person, job, pictures=1)
        await studio.generations.cancel(person.principal, job.id)
        done = await wait_drawn(studio, person, job)
        assert begun.status is Status.RUNNING and done.status is Status.CANCELLED
        assert 1 <= len(done.pictures) < 8
        assert done.charged_points == 1 + 2 * len(done.pictures)
        assert await balance(studio, person) == 1000 - (done.charged_points or 0)
        assert len(await read(studio, done)) == len(done.pictures)
        again = await wait_drawn(studio, person, await ask_for(studio, person, "again"))
    assert again.status is Status.COMPLETED
    left = {key async for key in studio.blobs.list(f"jobs/{job.id}/")}
    assert left == {picture.file.key for picture in done.pictures}


async def test_a_child_that_is_killed_while_it_draws_is_replaced_and_paid_once(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    whole = await ask_for(studio, person, "whole", steps=60, count=4)
    async with running():
        drawn = await read(studio, await wait_drawn(studio, person, whole))
        job = await ask_for(studio, person, "killed", steps=60, count=4)
        await wait_drawn(studio, person, job, pictures=1)
        os.kill(list_children()[0], signal.SIGKILL)
        done = await wait_drawn(studio, person, job)
    assert done.status is Status.COMPLETED and done.attempts == 2
    tokens = {picture.file.key.split("/")[2] for picture in done.pictures}
    assert tokens == {"a1", "a2"}, "what was drawn before is not drawn again"
    assert await read(studio, done) == drawn
    assert await balance(studio, person) == 1000 - 2 * job.quote.points
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_drained_worker_hands_its_generation_on(studio: Studio, running: Running) -> None:
    person = await meet(studio)
    async with running():
        job = await ask_for(studio, person, "first", steps=40, count=6)
        await wait_drawn(studio, person, job, pictures=1)
    released = await studio.generations.get(person.principal, job.id)
    assert released.status is Status.QUEUED and released.attempts == 0 and released.pictures
    async with running():
        done = await wait_drawn(studio, person, job)
    assert done.status is Status.COMPLETED and len(done.pictures) == 6


async def test_a_lora_whose_file_is_gone_fails_in_words_and_costs_nothing(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        trained = await wait_for(studio, person, await submit(studio, person))
        left = await balance(studio, person)
        (file,) = [file for file in trained.artifacts if file.name == "lora.safetensors"]
        await studio.blobs.delete(file.key)
        job = await ask_for(studio, person, "first", trained.model or "")
        done = await wait_drawn(studio, person, job)
        assert done.status is Status.FAILED and done.error is not None
        assert done.error.code == "bad_lora" and "draw without it" in done.error.message
        assert await balance(studio, person) == left
        again = await wait_drawn(studio, person, await ask_for(studio, person, "without"))
    assert again.status is Status.COMPLETED


async def _wait_for_children(count: int) -> None:
    async with asyncio.timeout(30):
        while True:
            if len(list_children()) == count:
                return
            await asyncio.sleep(0.05)
