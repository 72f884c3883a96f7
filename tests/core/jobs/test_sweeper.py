"""The sweeper: each duty for itself, every half-done saga, workers woken for what waits."""

import asyncio
import sqlite3

import pytest

from core.jobs.leases import LEASE_S
from core.jobs.records import Job, Status
from tests.core.yard import Yard


async def leave_unsettled(yard: Yard, jobs: int) -> list[Job]:
    """Jobs that ended and whose worker died before they were settled."""
    mira = await yard.meet(points=10_000)
    dataset = await yard.fill(mira)
    left = []
    for n in range(jobs):
        job = await yard.submit(mira, dataset, f"k{n}")
        ended = job.changed(yard.clock.now(), status=Status.CANCELLED, needs_settling=True)
        left.append(await yard.stores.jobs.replace(ended.model_copy(update={"waiting": None})))
    return left


async def test_every_half_done_job_is_settled_and_one_that_cannot_be_stops_none(
    yard: Yard,
) -> None:
    left = await leave_unsettled(yard, 5)
    poisoned = left[0].changed(yard.clock.now(), status=Status.COMPLETED, snapshot="sn_none")
    poisoned = await yard.stores.jobs.replace(poisoned)
    assert await yard.studio.sweeper.finish_sagas() == 4
    assert await yard.stores.jobs.count({"needs_settling": True}) == 1
    mended = poisoned.changed(yard.clock.now(), snapshot=left[1].snapshot)
    await yard.stores.jobs.replace(mended)
    await yard.studio.sweeper.sweep()
    await yard.check()


async def test_a_settlement_that_cannot_be_made_now_is_made_later(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    job = await yard.studio.leases.start_finishing(job)

    def forbid(connection: sqlite3.Connection) -> None:
        connection.execute(
            "CREATE TRIGGER busy BEFORE INSERT ON entries BEGIN SELECT RAISE(FAIL, 'no'); END"
        )

    await yard.database.write(forbid)
    ended = await yard.studio.leases.complete(job, ())
    assert (ended.status, ended.needs_settling) == (Status.COMPLETED, True)
    await yard.database.write(lambda connection: connection.execute("DROP TRIGGER busy").rowcount)
    await yard.studio.sweeper.sweep()
    await yard.check()


async def test_workers_are_woken_for_what_waits_and_not_for_what_runs(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    await yard.train(mira, dataset, "one")
    await yard.submit(mira, dataset, "two")
    assert await yard.studio.sweeper.wake_jobs() == 0  # the wake-up of the submit is under way
    yard.clock.pass_s(10)
    assert await yard.studio.sweeper.wake_jobs() == 1
    yard.clock.pass_s(LEASE_S)
    assert await yard.studio.sweeper.wake_jobs() == 2


@pytest.mark.every_store
async def test_two_sweepers_at_once_do_everything_once(yard: Yard) -> None:
    await leave_unsettled(yard, 5)
    await asyncio.gather(*(yard.studio.sweeper.sweep() for _ in range(4)))
    await yard.check()
