"""Cancelling: what was acknowledged is kept, what comes too late is said, each job settles once."""

import asyncio
import random

import pytest

from core.errors import ConflictError, LeaseLostError
from core.jobs.leases import LEASE_S
from core.jobs.records import Failure, Job, Status
from core.offerings.price import compute_charge
from core.points.records import EntryKind
from tests.core.yard import PRICE, Yard


async def test_a_queued_job_ends_at_once_and_all_comes_back(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.submit(mira, await yard.fill(mira))
    ended = await yard.studio.jobs.cancel(mira, job.id)
    assert (ended.status, ended.charged_points) == (Status.CANCELLED, 0)
    assert await yard.studio.points.get_balance(mira.account) == 1000
    await yard.check()


async def test_cancelling_twice_is_cancelling_once(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    asked = await yard.studio.jobs.cancel(mira, job.id)
    assert await yard.studio.jobs.cancel(mira, job.id) == asked
    await yard.studio.leases.cancel(job)
    ended = await yard.studio.jobs.cancel(mira, job.id)
    assert ended.status is Status.CANCELLED
    assert await yard.stores.entries.count({"kind": EntryKind.SETTLE}) == 1
    await yard.check()


async def test_a_cancelled_training_pays_for_the_steps_it_made(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.step(await yard.train(mira, await yard.fill(mira)), 37)
    asked = await yard.studio.jobs.cancel(mira, job.id)
    assert (asked.status, asked.cancel_requested) == (Status.RUNNING, True)
    assert (await yard.studio.leases.heartbeat(job)).cancel_requested
    ended = await yard.studio.leases.cancel(job)
    assert ended.charged_points == compute_charge(job.quote, 37) < PRICE
    verdict = await yard.check()
    assert verdict.charged_points == ended.charged_points


async def test_a_job_that_is_finishing_or_ended_says_so(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    job = await yard.studio.leases.start_finishing(job)
    with pytest.raises(ConflictError, match="finishing; its model arrives in a moment"):
        await yard.studio.jobs.cancel(mira, job.id)
    await yard.studio.leases.complete(job, ())
    with pytest.raises(ConflictError, match="already finished"):
        await yard.studio.jobs.cancel(mira, job.id)
    await yard.check()


async def test_a_cancel_that_was_acknowledged_stops_the_finish(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    await yard.studio.jobs.cancel(mira, job.id)
    with pytest.raises(ConflictError, match="was cancelled") as caught:
        await yard.studio.leases.start_finishing(job)
    assert not isinstance(caught.value, LeaseLostError)


@pytest.mark.every_store
async def test_cancel_and_finish_at_once_agree_on_one_end(yard: Yard) -> None:
    mira = await yard.meet(points=10_000)
    dataset = await yard.fill(mira)
    chance = random.Random(7)
    ends = set()
    for n in range(40):
        job = await yard.train(mira, dataset, f"race{n}")

        async def worker(job: Job = job) -> Job:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            try:
                return await yard.finish(job)
            except ConflictError:
                return await yard.studio.leases.cancel(job)

        async def person(job: Job = job) -> bool:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
            try:
                await yard.studio.jobs.cancel(mira, job.id)
            except ConflictError:
                return False
            return True

        ended, acknowledged = await asyncio.gather(worker(), person())
        assert ended.status is (Status.CANCELLED if acknowledged else Status.COMPLETED)
        ends.add(ended.status)
    assert await yard.stores.entries.count({"kind": EntryKind.SETTLE}) == 40
    assert ends == {Status.CANCELLED, Status.COMPLETED}
    await yard.check()


async def test_many_finishers_make_one_model_one_settlement_and_one_piece_of_news(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    job = await yard.studio.leases.start_finishing(await yard.train(mira, await yard.fill(mira)))
    results = await asyncio.gather(
        *(yard.studio.leases.complete(job, ()) for _ in range(6)),
        *(yard.studio.sweeper.finish_sagas() for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Job) for result in results) == 1
    assert await yard.stores.entries.count({"kind": EntryKind.SETTLE}) == 1
    await yard.check()


async def test_a_job_whose_worker_died_ends_at_once(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    yard.clock.pass_s(LEASE_S + 1)
    assert (await yard.studio.jobs.cancel(mira, job.id)).status is Status.CANCELLED
    with pytest.raises(LeaseLostError):
        await yard.studio.leases.heartbeat(job)
    await yard.check()


@pytest.mark.parametrize("way", ["release", "give_back"])
async def test_a_cancelled_job_is_not_queued_again(yard: Yard, way: str) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    await yard.studio.jobs.cancel(mira, job.id)
    leave = yard.studio.leases.release if way == "release" else yard.studio.leases.give_back
    assert (await leave(job, "gone")).status is Status.CANCELLED
    await yard.check()


async def test_a_failure_gives_everything_back_and_can_be_tried_again(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.step(await yard.train(mira, await yard.fill(mira)), 90)
    failed = await yard.studio.leases.fail(job, Failure(code="nan", message="It diverged."))
    assert (failed.status, failed.charged_points) == (Status.FAILED, 0)
    assert await yard.studio.points.get_balance(mira.account) == 1000
    news = (await yard.stores.notifications.find({"account": mira.account}))[0]
    assert (news.data["error"], news.data["refunded_points"]) == ("It diverged.", PRICE)
    await yard.check()
