"""Generations by real worker processes: beside a training, and when a worker is killed at each named stage."""

import asyncio
import signal

import pytest

from config.settings import Settings
from core.jobs.records import Kind, Status
from core.points.records import EntryKind
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.worker.people import meet, submit, wait_for
from tests.worker.test_generation import ask_for, read, wait_drawn

POINTS = (("claimed", "finishing"), ("picture drawn", "completed"), ("picture named", "all done"))
"""Each generation's worker is killed twice, once early and once late."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"lease_s": processes.LEASE_S})


async def test_a_generation_does_not_wait_for_another_workers_training(
    settings: Settings, studio: Studio
) -> None:
    person = await meet(studio, points=100_000)
    kinds = [settings.model_copy(update={"worker_kinds": (kind,)}) for kind in Kind]
    trainer = await processes.start(kinds[0], "worker")
    try:
        training = await submit(studio, person, steps=5000, sample_every_steps=5000)
        await wait_for(studio, person, training, "running")
        waiting = await ask_for(studio, person, "first")
        await asyncio.sleep(1)  # three looks of a worker that must leave it alone
        assert (await studio.generations.get(person.principal, waiting.id)).status is Status.QUEUED
        painter = await processes.start(kinds[1], "worker")
        try:
            done = await wait_drawn(studio, person, waiting)
            assert done.status is Status.COMPLETED, done.error
            still = await studio.jobs.get(person.principal, training.id)
            assert still.status is Status.RUNNING
        finally:
            await processes.end(painter)
        await studio.jobs.cancel(person.principal, training.id)
        await wait_for(studio, person, training)
    finally:
        await processes.end(trainer)


@pytest.mark.parametrize("points", POINTS, ids=" and ".join)
async def test_a_worker_killed_while_it_draws_loses_nothing_and_charges_once(
    points: tuple[str, ...], settings: Settings, studio: Studio
) -> None:
    person = await meet(studio)
    job = await ask_for(studio, person, "first", count=3)
    for point in points:
        doomed = await processes.start(settings, "worker", point)
        async with asyncio.timeout(100):
            assert await doomed.wait() == -signal.SIGKILL, f"“{point}” was not reached"
    last = await processes.start(settings, "worker")
    try:
        done = await wait_drawn(studio, person, job)
    finally:
        await processes.end(last)
    assert done.status is Status.COMPLETED, done.error
    assert [picture.index for picture in done.pictures] == [0, 1, 2]
    assert len({bytes(body) for body in await read(studio, done)}) == 3
    entries = (await studio.points.get_statement(person.principal, PageRequest())).items
    kinds = [entry.kind for entry in entries]
    assert kinds == [EntryKind.SETTLE, EntryKind.HOLD, EntryKind.GRANT]
    assert entries[0].balance_after_points == 1000 - job.quote.points
    assert len((await studio.notifications.list_own(person.principal, PageRequest())).items) == 1
    assert (await studio.reconciler.reconcile()).is_sound
