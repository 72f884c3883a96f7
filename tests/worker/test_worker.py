"""Trainings from submission to settlement, by a real worker with real children."""

import asyncio
import contextlib
import os
import resource
import shutil
import signal
from pathlib import Path

import psutil
import pytest
from safetensors import safe_open

from config.settings import Settings
from config.wiring import open_studio
from core.jobs.records import Job, Status
from core.notifications.records import NewsKind
from core.offerings.price import compute_charge
from core.records import PageRequest
from core.studio import Studio
from tests.worker.conftest import Running, work
from tests.worker.people import Person, meet, submit, wait_for

OFFERINGS = Path(__file__).resolve().parents[2] / "config" / "training_offerings.toml"


async def test_a_training_makes_a_model_and_is_charged_once(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        job = await submit(studio, person)
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED, done.error
    states = [line.status.value for line in done.history]
    assert states == ["queued", "preparing", "running", "finishing", "completed"]
    model = await studio.models.get(person.principal, done.model or "")
    names = {file.name for file in model.files}
    assert names == {"lora.safetensors", "lora-diffusers.safetensors", "README.md"}
    assert [sample.step for sample in model.samples] == [0, 10, 12]
    losses = await studio.jobs.list_losses(person.principal, job.id)
    assert [step for step, _, _ in losses] == list(range(1, 13))
    news = await studio.notifications.list_own(person.principal, PageRequest())
    assert [note.kind for note in news.items] == [NewsKind.TRAINING_COMPLETED]
    assert await studio.points.get_balance(person.principal.account) == 1000 - job.quote.points
    assert (await studio.reconciler.reconcile()).is_sound
    left = [key async for key in studio.blobs.list(f"jobs/{job.id}/")]
    assert not [key for key in left if "checkpoints" in key]


async def test_the_file_says_what_it_is_and_leaks_nothing(
    studio: Studio, running: Running, tmp_path: Path
) -> None:
    person = await meet(studio)
    async with running():
        done = await wait_for(studio, person, await submit(studio, person))
    (kohya,) = [file for file in done.artifacts if file.name == "lora.safetensors"]
    place = tmp_path / "lora.safetensors"
    place.write_bytes(b"".join([chunk async for chunk in studio.blobs.read(kohya.key)]))
    with safe_open(place, "pt") as file:
        metadata = file.metadata()
    assert metadata["ss_network_dim"] == "2"
    assert metadata["modelspec.trigger_phrase"] == "flagon"
    said = " ".join(metadata.values())
    assert "striped flag" not in said and str(tmp_path) not in said


async def test_a_cancelled_training_pays_for_its_steps_and_no_more(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio, points=100_000)
    async with running():
        job = await submit(studio, person, steps=5000, sample_every_steps=5000)
        await wait_for_steps(studio, person, job, 5)
        await studio.jobs.cancel(person.principal, job.id)
        await studio.jobs.cancel(person.principal, job.id)
        done = await wait_for(studio, person, job)
    assert done.status is Status.CANCELLED
    assert 5 <= done.steps_done < 5000
    charge = compute_charge(done.quote, done.steps_done)
    assert done.charged_points == charge
    assert await studio.points.get_balance(person.principal.account) == 100_000 - charge
    assert not [key async for key in studio.blobs.list(f"jobs/{job.id}/") if "checkpoint" in key]


async def test_a_drained_worker_hands_its_training_on(studio: Studio, running: Running) -> None:
    person = await meet(studio)
    async with running():
        job = await submit(studio, person, steps=120, sample_every_steps=120)
        await wait_for_steps(studio, person, job, 10)
    released = await studio.jobs.get(person.principal, job.id)
    assert released.status is Status.QUEUED and released.attempts == 0
    assert released.checkpoint is not None and released.checkpoint.step >= 10
    async with running():
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED
    losses = await studio.jobs.list_losses(person.principal, job.id)
    assert [step for step, _, _ in losses] == list(range(1, 121))
    assert await studio.points.get_balance(person.principal.account) == 1000 - job.quote.points


async def test_a_child_that_dies_without_progress_three_times_fails_the_job(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        job = await submit(studio, person, steps=5000, sample_every_steps=5000)
        for attempt in (1, 2, 3):
            child = await find_child(studio, person, job, attempt)
            os.kill(child, signal.SIGKILL)
        done = await wait_for(studio, person, job)
    assert done.status is Status.FAILED and done.error is not None
    assert done.error.code == "worker_lost"
    assert await studio.points.get_balance(person.principal.account) == 1000


async def test_children_without_memory_fail_the_job_and_cost_nothing(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        (child,) = list_children()
        await _wait_until_idle(child)
        limit = 300 * 1024**2  # less than importing torch takes
        starving = asyncio.create_task(_starve_children(limit))
        done = await wait_for(studio, person, await submit(studio, person, train_batch_size=16))
        starving.cancel()
    assert done.status is Status.FAILED and done.error is not None
    # a library that runs out of memory while it loads may fall over instead of saying so
    assert done.error.code in ("out_of_memory", "worker_lost")
    assert await studio.points.get_balance(person.principal.account) == 1000


async def test_a_damaged_picture_fails_the_job_at_once(studio: Studio, running: Running) -> None:
    person = await meet(studio)
    job = await submit(studio, person)
    (first, *_) = await studio.datasets.list_active(person.dataset)
    await studio.blobs.delete(first.blob_key)
    async with running():
        done = await wait_for(studio, person, job)
    assert done.status is Status.FAILED and done.error is not None
    assert done.error.code == "invalid_data"
    assert await studio.points.get_balance(person.principal.account) == 1000


async def test_a_dataset_that_is_deleted_while_it_trains_is_trained_to_the_end(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    job = await submit(studio, person)
    await studio.datasets.delete(person.principal, person.dataset)
    await studio.sweeper.sweep()
    async with running():
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED


@pytest.mark.parametrize(
    ("line", "replacement", "code"),
    [
        ("max = 0.02,", "max = 1e30,", "loss_nan"),
        ('base_models = ["tiny-sd"]', 'base_models = ["gone"]', "base_model_missing"),
    ],
)
async def test_what_cannot_succeed_fails_at_once_in_words_and_costs_nothing(
    line: str, replacement: str, code: str, settings: Settings, tmp_path: Path
) -> None:
    offerings = tmp_path / "offerings.toml"
    offerings.write_text(OFFERINGS.read_text().replace(line, replacement, 1))
    models = tmp_path / "base_models.toml"
    known = settings.base_models_file.read_text()
    gone = '[[base_model]]\nid = "gone"\nname = "Gone"\nfamily = "tiny"\nsource = "/nowhere/gone"\n'
    models.write_text(f"{known}\n{gone}")
    changed = settings.model_copy(
        update={"training_offerings_file": offerings, "base_models_file": models}
    )
    async with open_studio(changed) as studio:
        person = await meet(studio)
        async with work(studio, changed):
            rate = 1e25 if code == "loss_nan" else 0.002
            job = await submit(studio, person, learning_rate=rate)
            done = await wait_for(studio, person, job)
        assert done.status is Status.FAILED and done.error is not None
        assert done.error.code == code
        assert done.attempts == 1
        assert await studio.points.get_balance(person.principal.account) == 1000


async def test_a_child_dies_with_its_worker_and_knows_no_secret(
    studio: Studio, running: Running, settings: Settings
) -> None:
    async with running():
        (child,) = list_children()
        environment = psutil.Process(child).environ()
    assert not [name for name in environment if name.startswith("TRAINYARD_")]
    assert settings.get_redis_url() not in environment.values()
    assert not psutil.pid_exists(child)


async def test_scratch_space_is_empty_after_each_training(
    studio: Studio, running: Running, settings: Settings
) -> None:
    person = await meet(studio)
    async with running():
        await wait_for(studio, person, await submit(studio, person))
    assert [path.name for path in settings.scratch_folder.iterdir()] == []
    shutil.rmtree(settings.scratch_folder)


async def wait_for_steps(studio: Studio, person: Person, job: Job, steps: int) -> None:
    async with asyncio.timeout(100):
        while True:
            fresh = await studio.jobs.get(person.principal, job.id)
            if fresh.progress.step >= steps:
                return
            await asyncio.sleep(0.05)


async def find_child(studio: Studio, person: Person, job: Job, attempt: int) -> int:
    """Return the process that trains the job in this attempt, before it has made a checkpoint."""
    async with asyncio.timeout(100):
        while True:
            fresh = await studio.jobs.get(person.principal, job.id)
            if fresh.attempts == attempt and fresh.lease is not None:
                return list_children()[0]
            await asyncio.sleep(0.01)


async def _starve_children(limit_bytes: int) -> None:
    """Give each child, also those that come, no more address space than this."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            for child in list_children():
                resource.prlimit(child, resource.RLIMIT_AS, (limit_bytes, limit_bytes))
        await asyncio.sleep(0.02)


async def _wait_until_idle(pid: int) -> None:
    """Return once a child has imported torch and waits for its task."""
    async with asyncio.timeout(100):
        while True:
            process = psutil.Process(pid)
            before_s = process.cpu_times().user
            await asyncio.sleep(0.5)
            mapped = [part.path for part in process.memory_maps()]
            if process.cpu_times().user == before_s and any("libtorch_cpu" in m for m in mapped):
                return


def list_children() -> list[int]:
    """List the training processes of this one, oldest first."""
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it ended while it was looked at
            if "worker.child" in child.cmdline():
                found.append((child.create_time(), child.pid))
    return [pid for _, pid in sorted(found)]
