"""Real workers beside one another: a generation does not wait for a training, and who is told to end hands on."""

import asyncio
import signal

import pytest

from core.jobs.records import Kind, Status
from tests.faults import processes
from tests.faults.ground import Ground, open_yard
from tests.worker.people import submit, wait_for
from tests.worker.test_generation import ask_for, wait_drawn

pytestmark = pytest.mark.timeout(1200)  # the scenarios have limits of their own


async def test_a_generation_does_not_wait_and_a_training_is_handed_on(ground: Ground) -> None:
    settings = ground.make_settings()
    async with open_yard(settings, images=4) as yard:
        studio, person = yard.studio, yard.person
        kinds = [settings.model_copy(update={"worker_kinds": (kind,)}) for kind in Kind]
        trainer = await processes.start(kinds[0], "worker")
        painter = None
        try:
            training = await submit(studio, person, steps=5000, sample_every_steps=5000)
            await wait_for(studio, person, training, "running")
            waiting = await ask_for(studio, person, "first")
            await asyncio.sleep(1)  # three looks of a worker that must leave it alone
            left = await studio.generations.get(person.principal, waiting.id)
            assert left.status is Status.QUEUED
            painter = await processes.start(kinds[1], "worker")
            done = await wait_drawn(studio, person, waiting)
            assert done.status is Status.COMPLETED, done.error
            assert (await studio.jobs.get(person.principal, training.id)).status is Status.RUNNING
            assert await processes.end(trainer) == 0
            handed = await studio.jobs.get(person.principal, training.id)
            assert (handed.status, handed.attempts, handed.lease) == (Status.QUEUED, 0, None)
            painter.send_signal(signal.SIGINT)
            async with asyncio.timeout(60):
                assert await painter.wait() == 0
        finally:
            for process in (trainer, painter):
                if process is not None:
                    await processes.end(process)
