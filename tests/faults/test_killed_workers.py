"""A worker that is killed at each named stage loses no job and no point, and charges nothing twice."""

import asyncio
import signal

import pytest

from config.settings import Settings
from core.accounts.records import Principal
from core.jobs.records import Status
from core.points.records import EntryKind
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.worker.people import meet, submit, wait_for

POINTS = (
    ("claimed", "finishing"),
    ("running", "weights stored"),
    ("sample stored", "completed"),
    ("sample named", "model made"),
    ("losses written", "points settled"),
    ("checkpoint half stored", "news written"),
    ("checkpoint named", "all done"),
)
"""Each training is killed twice, once early and once late."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_s": processes.LEASE_S})


@pytest.mark.parametrize("points", POINTS, ids=" and ".join)
async def test_a_worker_killed_at_any_stage_loses_nothing(
    points: tuple[str, ...], settings: Settings, studio: Studio
) -> None:
    person = await meet(studio)
    job = await submit(studio, person, steps=40, sample_every_steps=30)
    for point in points:
        doomed = await processes.start(settings, "worker", point)
        async with asyncio.timeout(100):
            assert await doomed.wait() == -signal.SIGKILL, f"“{point}” was not reached"
    last = await processes.start(settings, "worker")
    try:
        done = await wait_for(studio, person, job)
    finally:
        await processes.end(last)
    assert done.status is Status.COMPLETED, done.error
    await _check_nothing_lost(studio, person.principal, done.id)


async def _check_nothing_lost(studio: Studio, who: Principal, job_id: str) -> None:
    job = await studio.jobs.get(who, job_id)
    entries = (await studio.points.get_statement(who, PageRequest())).items
    assert [entry.kind for entry in entries] == [
        EntryKind.SETTLE,
        EntryKind.HOLD,
        EntryKind.GRANT,
    ]
    assert entries[0].balance_after_points == 1000 - job.quote.points
    assert len((await studio.models.list_own(who, PageRequest())).items) == 1
    assert len((await studio.notifications.list_own(who, PageRequest())).items) == 1
    losses = await studio.jobs.list_losses(who, job_id)
    assert [step for step, _, _ in losses] == list(range(1, job.quote.inputs.total_steps + 1))
    assert (await studio.reconciler.reconcile()).is_sound
    for file in job.artifacts:
        assert (await studio.blobs.info(file.key)).sha256 == file.sha256
