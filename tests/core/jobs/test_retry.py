"""Trying again: the old price, one key one job, and a clear answer when what is needed is gone."""

import pytest

from core.datasets.records import ItemState
from core.datasets.retention import GRACE
from core.errors import ConflictError, InvalidError, NotFoundError, RefusedError
from core.jobs.records import Job, Status
from core.jobs.service import Jobs
from core.offerings.service import Offerings
from tests.core.yard import PRICE, Yard, read_offerings


async def cancelled(yard: Yard) -> Job:
    mira = await yard.meet()
    job = await yard.submit(mira, await yard.fill(mira))
    return await yard.studio.jobs.cancel(mira, job.id)


def with_offerings(yard: Yard, catalogue: Offerings) -> Jobs:
    """The same jobs after the operator changed the offerings."""
    jobs = yard.studio.jobs
    jobs._catalogue = catalogue
    return jobs


async def test_a_retry_trains_the_same_for_the_old_price_once(yard: Yard) -> None:
    old, mira = await cancelled(yard), await yard.meet()
    dearer = read_offerings(lambda text: text.replace("base_points = 5", "base_points = 500"))
    jobs = with_offerings(yard, dearer)
    job = await jobs.retry(mira, old.id, "again")
    assert (job.status, job.quote, job.spec) == (Status.QUEUED, old.quote, old.spec)
    assert job.snapshot == old.snapshot
    assert await jobs.retry(mira, old.id, "again") == job
    assert (await yard.check()).open_holds_points == PRICE


async def test_a_key_of_another_training_is_a_conflict(yard: Yard) -> None:
    old, mira = await cancelled(yard), await yard.meet()
    with pytest.raises(ConflictError, match="something else"):
        await yard.studio.jobs.retry(mira, old.id, "first")
    with pytest.raises(InvalidError, match="Idempotency-Key"):
        await yard.studio.jobs.retry(mira, old.id, "")


async def test_only_what_failed_or_was_cancelled_is_tried_again(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.submit(mira, await yard.fill(mira))
    with pytest.raises(ConflictError, match="Only a failed or cancelled"):
        await yard.studio.jobs.retry(mira, job.id, "again")


@pytest.mark.parametrize(
    ("there", "then"),
    [('status = "available"', 'status = "retired"'), ('id = "tiny-lora"', 'id = "tiny-lora-2"')],
)
async def test_what_is_no_longer_offered_is_refused(yard: Yard, there: str, then: str) -> None:
    old, mira = await cancelled(yard), await yard.meet()
    jobs = with_offerings(yard, read_offerings(lambda text: text.replace(there, then, 1)))
    with pytest.raises(RefusedError, match="no longer offered"):
        await jobs.retry(mira, old.id, "again")
    assert (await yard.check()).open_holds_points == 0


async def test_a_deleted_dataset_cannot_be_trained_on_again(yard: Yard) -> None:
    old, mira = await cancelled(yard), await yard.meet()
    await yard.studio.datasets.delete(mira, old.dataset)
    with pytest.raises(RefusedError, match="The dataset of this training is gone"):
        await yard.studio.jobs.retry(mira, old.id, "again")
    with pytest.raises(NotFoundError, match="There is no such dataset"):
        await yard.submit(mira, old.dataset, "anew")


async def test_pictures_that_were_swept_are_missed_and_those_that_were_not_are_kept(
    yard: Yard,
) -> None:
    old, mira = await cancelled(yard), await yard.meet()
    item = (await yard.stores.items.find({"dataset": old.dataset}))[0]
    await yard.studio.datasets.remove_item(mira, old.dataset, item.id)
    yard.clock.pass_s(GRACE.total_seconds() + 1)
    await yard.studio.snapshots.renew(old.snapshot)  # a retry that has not stored its job yet
    await yard.studio.sweeper.sweep()
    job = await yard.studio.jobs.retry(mira, old.id, "again")
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.items.get(item.id)).state is ItemState.WITHDRAWN
    await yard.studio.jobs.cancel(mira, job.id)
    await yard.sweep_later()
    with pytest.raises(RefusedError, match="Pictures of this training were deleted"):
        await yard.studio.jobs.retry(mira, old.id, "once more")
