"""Auto captions from submission to settlement, by a real worker and a real, tiny BLIP."""

import asyncio
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import BlipForConditionalGeneration

from config.settings import Settings
from core.auto_captions.records import CaptionSpec, CaptionWishes
from core.datasets.records import Item
from core.errors import TrainingError
from core.jobs.records import TERMINAL, Job, Status
from core.notifications.records import NewsKind
from core.records import PageRequest
from core.studio import Studio
from tests.worker.conftest import Running
from tests.worker.people import Person, draw_flag, meet
from tests.worker.small_captioners import (
    WORDS,
    save_small_blip,
    save_small_git,
    save_small_pair,
)
from tests.worker.test_worker import list_children
from worker.captioning.describing import CaptionModel


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_blip(tmp_path_factory.mktemp("blip"))


@pytest.fixture
def settings(settings: Settings, blip: Path, tmp_path: Path) -> Settings:
    prices = tmp_path / "captioning.toml"
    prices.write_text("points_per_100_pictures = 100\n")
    return settings.model_copy(
        update={"caption_model": str(blip.resolve()), "captioning_file": prices}
    )


async def caption(studio: Studio, person: Person, key: str = "first", prefix: str = "") -> Job:
    wishes = CaptionWishes(prefix=prefix)
    return await studio.auto_captions.submit(person.principal, person.dataset, wishes, key)


def describe_spec(folder: Path) -> CaptionSpec:
    return CaptionSpec(caption_model=str(folder), caption_set="auto", prefix="", replaces=False)


async def wait_written(studio: Studio, person: Person, job: Job, captions: int = 9999) -> Job:
    """Return the job once it has written so many captions, or has ended."""
    async with asyncio.timeout(120):
        while True:
            fresh = await studio.auto_captions.get(person.principal, job.id)
            ended = fresh.status in TERMINAL and not fresh.needs_settling
            if ended or fresh.steps_done >= captions:
                return fresh
            await asyncio.sleep(0.02)


async def read(studio: Studio, person: Person) -> list[str]:
    items: list[Item] = await studio.datasets.list_active(person.dataset)
    return [item.captions.get("auto", "") for item in items]


async def balance(studio: Studio, person: Person) -> int:
    return await studio.points.get_balance(person.principal.account)


async def test_a_dataset_is_captioned_into_its_own_set_and_charged_once(
    studio: Studio, running: Running, settings: Settings
) -> None:
    person = await meet(studio)
    async with running():
        jobs = [await caption(studio, person, prefix="flagon") for _ in range(2)]
        assert jobs[0].id == jobs[1].id
        done = await wait_written(studio, person, jobs[0])
    assert done.status is Status.COMPLETED, done.error
    states = [line.status.value for line in done.history]
    assert states == ["queued", "preparing", "running", "finishing", "completed"]
    captions = await read(studio, person)
    assert len(set(captions)) > 1, "different pictures are described differently"
    for text in captions:
        trigger, said = text.split(", ", 1)
        assert trigger == "flagon" and set(said.split()) <= set(WORDS)
    items = await studio.datasets.list_active(person.dataset)
    assert items[0].captions["default"] == "a striped flag 0"
    assert (done.steps_done, done.progress.step, done.charged_points) == (4, 4, 4)
    assert await balance(studio, person) == 996
    news = (await studio.notifications.list_own(person.principal, PageRequest())).items
    assert [note.kind for note in news] == [NewsKind.CAPTIONS_COMPLETED]
    assert [path.name for path in settings.scratch_folder.iterdir() if "jb_" in path.name] == []
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_cancelled_job_keeps_and_pays_for_what_was_written(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio, images=20)
    async with running():
        job = await caption(studio, person)
        begun = await wait_written(studio, person, job, captions=1)
        await studio.auto_captions.cancel(person.principal, job.id)
        done = await wait_written(studio, person, job)
    assert begun.status is Status.RUNNING and done.status is Status.CANCELLED
    written = [text for text in await read(studio, person) if text]
    assert done.steps_done == done.charged_points == len(written)
    assert 1 <= len(written) < 20
    assert await balance(studio, person) == 1000 - len(written)


async def test_pictures_removed_meanwhile_are_left_out_and_not_charged(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio, images=12)
    job = await caption(studio, person)
    items = await studio.datasets.list_active(person.dataset)
    await studio.datasets.remove_item(person.principal, person.dataset, items[-1].id)
    async with running():
        await wait_written(studio, person, job, captions=1)
        await studio.datasets.remove_item(person.principal, person.dataset, items[0].id)
        done = await wait_written(studio, person, job)
    assert done.status is Status.COMPLETED and done.charged_points == done.steps_done == 11
    assert all(await read(studio, person))


async def test_a_child_that_is_killed_is_replaced_and_each_caption_paid_once(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio, images=20)
    async with running():
        job = await caption(studio, person)
        await wait_written(studio, person, job, captions=1)
        os.kill(list_children()[0], signal.SIGKILL)
        done = await wait_written(studio, person, job)
    assert done.status is Status.COMPLETED, done.error
    assert (done.attempts, done.steps_done, done.charged_points) == (2, 20, 20)
    assert all(await read(studio, person))


async def test_a_drained_worker_hands_its_captions_on(studio: Studio, running: Running) -> None:
    person = await meet(studio, images=20)
    async with running():
        job = await caption(studio, person)
        await wait_written(studio, person, job, captions=1)
    released = await studio.auto_captions.get(person.principal, job.id)
    assert released.status is Status.QUEUED and 1 <= released.looked_at < 20
    async with running():
        done = await wait_written(studio, person, job)
    assert done.status is Status.COMPLETED and done.charged_points == 20


async def test_a_model_that_is_gone_fails_in_words_and_costs_nothing(
    studio: Studio, running: Running, tmp_path: Path
) -> None:
    person = await meet(studio)
    gone = {"model": str(tmp_path / "gone")}
    studio.offerings.captions = studio.offerings.captions.model_copy(update=gone)
    async with running():
        done = await wait_written(studio, person, await caption(studio, person))
    assert done.status is Status.FAILED and done.error is not None
    assert done.error.code == "caption_model_missing"
    assert "TRAINYARD_CAPTION_MODEL" in done.error.message
    assert await balance(studio, person) == 1000


@pytest.mark.parametrize("save", [save_small_blip, save_small_git, save_small_pair])
def test_each_known_type_says_the_same_of_the_same_picture(
    save: Callable[[Path], Path], tmp_path: Path
) -> None:
    model, file = CaptionModel(describe_spec(save(tmp_path / "model"))), tmp_path / "flag.png"
    said = []
    for index in (0, 1, 2, 0):
        file.write_bytes(draw_flag(index))
        said.append(model.describe(file))
    assert said[0] == said[3] and len(set(said)) > 1
    assert all(set(text.split()) <= set(WORDS) for text in said)


@pytest.mark.parametrize("broken", ["pickle", "code", "other", "shapes"])
def test_neither_pickles_nor_code_nor_unfit_models_are_loaded(
    broken: str, blip: Path, tmp_path: Path
) -> None:
    folder, trap = shutil.copytree(blip, tmp_path / "model"), tmp_path / "ran"
    if broken == "pickle":
        (folder / "model.safetensors").unlink()
        weights = BlipForConditionalGeneration.from_pretrained(blip).state_dict()
        torch.save(weights, folder / "pytorch_model.bin")
    if broken == "code":
        (folder / "trap.py").write_text(f"open({str(trap)!r}, 'w')\n")
        names = '"AutoConfig": "trap.Config", "AutoModelForImageTextToText": "trap.Model"'
        (folder / "config.json").write_text(f'{{"model_type": "trap", "auto_map": {{{names}}}}}')
    if broken == "other":
        (folder / "config.json").write_text('{"model_type": "clip"}')
    if broken == "shapes":
        wrong = (
            (folder / "config.json").read_text().replace('"hidden_size": 16', '"hidden_size": 8')
        )
        (folder / "config.json").write_text(wrong)
    with pytest.raises(TrainingError) as refused:
        CaptionModel(describe_spec(folder))
    assert refused.value.code == f"caption_model_{'unfit' if broken == 'other' else 'missing'}"
    assert not trap.exists()
