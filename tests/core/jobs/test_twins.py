"""Several working on one submission: twins, sweepers, processes that died half-way; one outcome each."""

import asyncio

import pytest

from core.errors import (
    InsufficientPointsError,
    NotFoundError,
    UnavailableError,
)
from core.jobs.records import Job, Status
from core.jobs.submission import Submission
from core.points.reconcile import STOP_ID
from core.points.records import EntryKind, SpendingStop
from core.records import PageRequest
from tests.core.yard import PRICE, DownEvents, DownWakeups, Yard, wishes


def make_submission(yard: Yard) -> Submission:
    """A submission as another process would run it."""
    points, clock = yard.studio.points, yard.clock
    return Submission(yard.stores.jobs, points, DownWakeups(), DownEvents(), clock)


async def insert_pending(yard: Yard, name: str = "mira", points: int = 1000) -> Job:
    """A submission that stopped after its first step."""
    principal = await yard.meet(name, points)
    dataset = await yard.fill(principal)
    spec, quote = await yard.studio.jobs.quote(principal, wishes(), dataset)
    snapshot = await yard.studio.snapshots.take(await yard.stores.datasets.get(dataset))
    return await yard.stores.jobs.insert(
        Job(
            id=f"jb_{name}",
            created_at=yard.clock.now(),
            updated_at=yard.clock.now(),
            owner=principal.account,
            idempotency_key="first",
            request_sha256=wishes().hash_for(dataset),
            dataset=dataset,
            dataset_name="flags",
            snapshot=snapshot.id,
            spec=spec,
            quote=quote,
        )
    )


async def test_a_pending_job_is_not_there_yet_for_anyone(yard: Yard) -> None:
    job = await insert_pending(yard)
    mira = await yard.meet()
    assert (await yard.studio.jobs.list_own(mira, PageRequest())).items == ()
    with pytest.raises(NotFoundError):
        await yard.studio.jobs.get(mira, job.id)
    with pytest.raises(NotFoundError):
        await yard.studio.jobs.cancel(mira, job.id)
    assert await yard.studio.leases.claim("worker", frozenset({"tiny"})) is None


async def test_a_half_way_submission_goes_on_when_it_is_sent_again(yard: Yard) -> None:
    pending = await insert_pending(yard)
    job = await yard.submit(await yard.meet(), pending.dataset)
    assert (job.id, job.status) == (pending.id, Status.QUEUED)
    await yard.check()


async def test_the_sweeper_withdraws_what_holds_nothing_and_queues_what_does(yard: Yard) -> None:
    job = await insert_pending(yard)
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.jobs.get(job.id)).status is Status.PENDING  # its submit may run still
    await yard.studio.points.hold(job.owner, job.id, PRICE, "by a submit that was killed")
    await yard.sweep_later()
    assert (await yard.stores.jobs.get(job.id)).status is Status.QUEUED
    await yard.check()


async def test_nothing_is_taken_for_a_submission_that_was_never_answered(yard: Yard) -> None:
    await insert_pending(yard)
    mira = await yard.meet()
    await yard.sweep_later()
    assert await yard.stores.jobs.count({}) == 0
    assert await yard.studio.points.get_balance(mira.account) == 1000
    statement = await yard.studio.points.get_statement(mira, PageRequest())
    assert [entry.kind for entry in statement.items] == [EntryKind.GRANT]
    await yard.check()


async def test_a_refused_twin_does_not_delete_the_job_whose_points_are_held(yard: Yard) -> None:
    job = await insert_pending(yard)
    await yard.studio.points.hold(job.owner, job.id, PRICE, "by the first twin")
    now = yard.clock.now()
    stop = SpendingStop(id=STOP_ID, created_at=now, updated_at=now, reason="a check")
    await yard.stores.stops.insert(stop)
    assert (await make_submission(yard).advance(job)).status is Status.QUEUED
    await yard.check()


async def test_a_slow_twin_cannot_hold_points_for_a_withdrawn_job(yard: Yard) -> None:
    job = await insert_pending(yard, points=PRICE - 1)
    with pytest.raises(InsufficientPointsError):
        await make_submission(yard).advance(job)
    await yard.studio.points.grant(job.owner, 1, "top-up", "while the twin sleeps")
    with pytest.raises(UnavailableError, match="Nothing was charged"):
        await make_submission(yard).advance(job)
    assert await yard.studio.points.get_balance(job.owner) == PRICE
    await yard.check()


async def test_racing_twins_and_a_grant_never_leave_a_hold_without_its_job(yard: Yard) -> None:
    for round_ in range(10):
        job = await insert_pending(yard, f"twin{round_}", points=PRICE - 1)
        submission = make_submission(yard)
        await asyncio.gather(
            submission.advance(job),
            yard.studio.points.grant(job.owner, 1, "top-up", "in between"),
            submission.resolve(job),
            submission.advance(job),
            return_exceptions=True,
        )
        await yard.sweep_later()
        await yard.check()


async def test_spending_that_is_stopped_refuses_and_leaves_nothing_behind(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    now = yard.clock.now()
    stop = SpendingStop(id=STOP_ID, created_at=now, updated_at=now, reason="a check")
    await yard.stores.stops.insert(stop)
    with pytest.raises(UnavailableError, match="paused"):
        await yard.submit(mira, dataset)
    assert await yard.stores.jobs.count({}) == 0
    await yard.sweep_later()
    assert await yard.studio.points.get_balance(mira.account) == 1000
    await yard.check()
