"""Submitting: what is refused and why, one key one job, and no hold without its job."""

import asyncio

import pytest

from core.accounts.records import Scope
from core.correlation import correlated
from core.errors import (
    ConflictError,
    ForbiddenError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    RefusedError,
)
from core.jobs.records import Status
from core.offerings.service import TrainingWishes
from core.points.records import EntryKind
from core.records import PageRequest
from tests.core.yard import FAMILIES, PRICE, STEPS, Yard, wishes


async def test_a_submission_holds_its_price_and_is_queued(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.submit(mira, await yard.fill(mira))
    assert job.status is Status.QUEUED
    assert job.quote.points == PRICE
    assert await yard.studio.points.get_balance(mira.account) == 1000 - PRICE
    assert (await yard.check()).open_holds_points == PRICE


async def test_a_job_carries_the_id_of_the_request_that_asked_for_it_to_its_worker(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    with correlated("request-1"):
        job = await yard.submit(mira, dataset)
    assert job.request == "request-1"
    claimed = await yard.studio.leases.claim("worker", FAMILIES)
    assert claimed is not None
    assert (claimed.id, claimed.request) == (job.id, "request-1")


@pytest.mark.parametrize(
    ("images", "wanted", "error", "words"),
    [
        (2, wishes(), InvalidError, "needs 3 to 500 images; this dataset has 2"),
        (501, wishes(), InvalidError, "needs 3 to 500 images; this dataset has 501"),
        (3, wishes(speed=1), InvalidError, "no setting “speed”. It has: steps"),
        (3, wishes(steps=9), InvalidError, "from 10 to 5000; 9 is outside"),
        (3, wishes(learning_rate=10**400), InvalidError, "number from"),
        (3, wishes(steps=5000, sample_every_steps=10), InvalidError, "raise sample_every_steps"),
        (3, TrainingWishes(offering="gold"), NotFoundError, "There are: tiny-lora"),
        (3, TrainingWishes(offering="tiny-lora"), InvalidError, "one to four trigger words"),
    ],
)
async def test_a_bad_submission_says_what_to_change_and_keeps_nothing(
    yard: Yard, images: int, wanted: TrainingWishes, error: type[Exception], words: str
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, min(images, 3))
    if images > 3:
        first = (await yard.stores.items.find({}, limit=1))[0]
        more = (
            first.model_copy(update={"id": f"it_{n}", "sha256": f"{n:x}"})
            for n in range(images - 3)
        )
        await asyncio.gather(*map(yard.stores.items.insert, more))
    with pytest.raises(error, match=words):
        await yard.studio.jobs.submit(mira, dataset, wanted, "first")
    assert await yard.stores.jobs.count({}) == 0
    assert await yard.studio.points.get_balance(mira.account) == 1000


async def test_one_point_short_is_refused_and_keeps_nothing(yard: Yard) -> None:
    mira = await yard.meet(points=PRICE - 1)
    dataset = await yard.fill(mira)
    with pytest.raises(InsufficientPointsError, match="1 more are needed"):
        await yard.submit(mira, dataset)
    assert await yard.stores.jobs.count({}) == 0
    assert await yard.stores.entries.count({}) == 1
    await yard.studio.points.grant(mira.account, 1, "top-up", "one point")
    assert (await yard.submit(mira, dataset)).status is Status.QUEUED
    await yard.check()


async def test_the_same_key_answers_the_same_job_and_other_content_is_a_conflict(
    yard: Yard,
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    job = await yard.submit(mira, dataset)
    assert await yard.submit(mira, dataset) == job
    with pytest.raises(ConflictError, match="something else"):
        await yard.studio.jobs.submit(mira, dataset, wishes(steps=STEPS + 1), "first")
    assert await yard.stores.jobs.count({}) == 1
    assert (await yard.check()).open_holds_points == PRICE


@pytest.mark.parametrize("key", ["", "k" * 201, "line\nbreak", "half\ud800"])
async def test_a_key_is_short_and_printable(yard: Yard, key: str) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    with pytest.raises(InvalidError, match="Idempotency-Key"):
        await yard.submit(mira, dataset, key)


async def test_half_a_surrogate_pair_in_a_wish_is_no_crash(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    odd = wishes().model_copy(update={"sample_prompts": ("a \ud800 flag\x00",)})
    job = await yard.studio.jobs.submit(mira, dataset, odd, "first")
    assert (await yard.stores.jobs.get(job.id)).training.sample_prompts == ("a ? flag",)


async def test_a_token_without_the_spend_scope_buys_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ, Scope.WRITE})})
    with pytest.raises(ForbiddenError, match="spend"):
        await yard.submit(reader, dataset)


async def test_what_is_another_accounts_is_not_found(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = await yard.fill(mira)
    job = await yard.submit(mira, dataset)
    jobs = yard.studio.jobs
    with pytest.raises(NotFoundError) as missing:
        await jobs.get(ben, "jb_none")
    for attempt in (
        jobs.get(ben, job.id),
        jobs.cancel(ben, job.id),
        jobs.retry(ben, job.id, "second"),
        jobs.list_losses(ben, job.id),
    ):
        with pytest.raises(NotFoundError) as caught:
            await attempt
        assert caught.value.message == missing.value.message
    with pytest.raises(NotFoundError, match="There is no such dataset"):
        await yard.submit(ben, dataset)
    assert (await jobs.list_own(ben, PageRequest())).items == ()


@pytest.mark.every_store
async def test_of_fifty_submits_with_one_key_one_job_and_one_hold_remain(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    jobs = await asyncio.gather(*(yard.submit(mira, dataset) for _ in range(50)))
    assert len({job.id for job in jobs}) == 1
    assert {job.status for job in jobs} == {Status.QUEUED}
    assert await yard.stores.entries.count({"kind": EntryKind.HOLD}) == 1
    assert await yard.stores.snapshots.count({}) == 1
    assert (await yard.check()).open_holds_points == PRICE


async def test_a_dataset_that_is_only_seen_can_be_trained_on(yard: Yard) -> None:
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    dataset = await yard.fill(mira)
    await yard.studio.sharing.join(ben, await yard.studio.sharing.invite(mira, dataset))
    job = await yard.submit(ben, dataset)
    await yard.studio.jobs.cancel(ben, job.id)
    await yard.studio.sharing.leave(ben, dataset)
    with pytest.raises(RefusedError, match="no longer shared"):
        await yard.studio.jobs.retry(ben, job.id, "second")
