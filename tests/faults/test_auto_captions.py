"""Auto captions when their worker is killed between writing a caption and counting it, and after it has ended."""

import asyncio
import signal
from pathlib import Path

import pytest

from config.settings import Settings
from core.jobs.records import Status
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.worker.people import meet
from tests.worker.small_captioners import save_small_blip
from tests.worker.test_auto_captions import caption, read, wait_written


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    prices = tmp_path / "captioning.toml"
    prices.write_text("points_per_100_pictures = 100\n")
    model = str(save_small_blip(tmp_path / "blip").resolve())
    update = {"lease_s": processes.LEASE_S, "caption_model": model, "captioning_file": prices}
    return settings.model_copy(update=update)


async def test_a_worker_killed_while_it_captions_loses_nothing_and_charges_once(
    settings: Settings, studio: Studio
) -> None:
    person = await meet(studio)
    job = await caption(studio, person)
    for point in ("caption written", "caption counted", "completed"):
        doomed = await processes.start(settings, "worker", point)
        async with asyncio.timeout(100):
            assert await doomed.wait() == -signal.SIGKILL, f"“{point}” was not reached"
    last = await processes.start(settings, "worker")
    try:
        done = await wait_written(studio, person, job)
    finally:
        await processes.end(last)
    assert done.status is Status.COMPLETED, done.error
    assert (done.steps_done, done.charged_points) == (4, 4) and all(await read(studio, person))
    assert await studio.points.get_balance(person.principal.account) == 996
    assert len((await studio.notifications.list_own(person.principal, PageRequest())).items) == 1
    assert (await studio.reconciler.reconcile()).is_sound
