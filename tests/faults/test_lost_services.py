"""A Redis that is killed and a worker that freezes: jobs are delayed, never lost, never paid twice."""

import asyncio
import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.redis_server import RedisServer
from config.settings import Settings
from config.wiring import open_studio
from core.jobs.records import Status
from core.points.records import EntryKind
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.worker.people import Person, meet, submit, wait_for


async def test_a_redis_that_is_killed_while_a_job_trains_costs_nothing_but_time(
    settings: Settings,
) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ty-"))
    socket = folder / "redis.sock"
    own = settings.model_copy(update={"redis_url": SecretStr(f"unix://{socket}")})
    server = await RedisServer(folder, socket).__aenter__()
    async with open_studio(own) as studio:
        person = await meet(studio, points=10_000)
        worker = await processes.start(own, "worker")
        try:
            job = await submit(studio, person, steps=60, sample_every_steps=60)
            await wait_for(studio, person, job, "running")
            os.kill(server.pid, signal.SIGKILL)
            done = await wait_for(studio, person, job)
            assert done.status is Status.COMPLETED
            without = await submit(studio, person, key="without redis")
            done = await wait_for(studio, person, without)
            assert done.status is Status.COMPLETED, "a worker looks for work by itself"
            async with RedisServer(folder, socket):
                again = await submit(studio, person, key="redis is back")
                assert (await wait_for(studio, person, again)).status is Status.COMPLETED
                await processes.end(worker)
        finally:
            await processes.end(worker)
            shutil.rmtree(folder, ignore_errors=True)


async def test_a_frozen_worker_that_wakes_up_late_writes_nothing(
    settings: Settings, studio: Studio
) -> None:
    short = settings.model_copy(update={"lease_s": processes.LEASE_S})
    person = await meet(studio)
    frozen = await processes.start(short, "worker")
    job = await submit(studio, person, steps=60, sample_every_steps=60)
    await wait_for(studio, person, job, "running")
    os.kill(frozen.pid, signal.SIGSTOP)
    try:
        second = await processes.start(short, "worker")
        done = await wait_for(studio, person, job)
        version = done.version
        os.kill(frozen.pid, signal.SIGCONT)
        await _let_it_notice(studio, person)
        assert (await studio.jobs.get(person.principal, job.id)).version == version
        await processes.end(second)
    finally:
        os.kill(frozen.pid, signal.SIGCONT)
        await processes.end(frozen)
    entries = (await studio.points.get_statement(person.principal, PageRequest())).items
    kinds = [entry.kind for entry in entries]
    assert kinds.count(EntryKind.SETTLE) == kinds.count(EntryKind.HOLD) == 2
    assert (await studio.reconciler.reconcile()).is_sound


async def _let_it_notice(studio: Studio, person: Person) -> None:
    """Return once another job is through: a worker that came back has met its lost lease by then."""
    another = await submit(studio, person, key="another")
    await wait_for(studio, person, another)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_that_is_told_to_end_hands_its_job_on(
    number: signal.Signals, settings: Settings, studio: Studio
) -> None:
    person = await meet(studio)
    worker = await processes.start(settings, "worker")
    job = await submit(studio, person, steps=400, sample_every_steps=400)
    await wait_for(studio, person, job, "running")
    os.kill(worker.pid, number)
    async with asyncio.timeout(60):
        assert await worker.wait() == 0
    handed = await studio.jobs.get(person.principal, job.id)
    assert handed.status is Status.QUEUED
    assert handed.attempts == 0 and handed.lease is None
