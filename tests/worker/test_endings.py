"""How trainings end early, and what becomes of damaged checkpoints."""

import asyncio

from core.jobs.records import Status
from core.offerings.price import compute_charge
from core.offerings.records import ParamValue
from core.studio import Studio
from tests.worker.conftest import Running
from tests.worker.people import meet, submit, wait_for
from worker.messages import StageLine, StepLine, get_progress

VALIDATED: dict[str, ParamValue] = {
    "validation_share": 0.4,
    "validation_every_steps": 10,
    "early_stop_patience": 1,
}


async def test_a_training_that_learns_nothing_more_stops_and_returns_the_rest(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio, images=5)
    async with running():
        params: dict[str, ParamValue] = {
            "steps": 400,
            "sample_every_steps": 400,
            "learning_rate": 0.02,
        }
        job = await submit(studio, person, "first", **params, **VALIDATED)
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED, done.error
    assert 20 <= done.steps_done < 400
    charge = compute_charge(done.quote, done.steps_done)
    assert charge < done.quote.points
    assert done.charged_points == charge
    assert await studio.points.get_balance(person.principal.account) == 1000 - charge
    measured = await studio.jobs.list_validation_losses(person.principal, job.id)
    assert [step for step, _ in measured] == list(range(10, done.steps_done + 1, 10))
    assert min(loss for _, loss in measured) < measured[-1][1]
    best = min(measured, key=lambda point: point[1])[0]
    assert f"lora-best-step{best:06d}.safetensors" in {file.name for file in done.artifacts}
    model = await studio.models.get(person.principal, done.model or "")
    assert model.provenance.steps == done.steps_done
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_damaged_checkpoint_costs_its_own_steps_and_no_more(
    studio: Studio, running: Running
) -> None:
    person = await meet(studio)
    async with running():
        job = await submit(studio, person, steps=150, sample_every_steps=150)
        async with asyncio.timeout(100):
            fresh = job
            while fresh.previous_checkpoint is None:
                fresh = await studio.jobs.get(person.principal, job.id)
                await asyncio.sleep(0.02)
    released = await studio.jobs.get(person.principal, job.id)
    newest, previous = released.checkpoint, released.previous_checkpoint
    assert newest is not None and previous is not None and 0 < previous.step < newest.step
    await studio.blobs.delete(newest.files[0].key)
    begun = next(sample for sample in released.samples if sample.step == 0)
    async with running():
        done = await wait_for(studio, person, job)
    assert done.status is Status.COMPLETED
    losses = await studio.jobs.list_losses(person.principal, job.id)
    assert [step for step, _, _ in losses] == list(range(1, 151))
    assert begun in done.samples  # it did not begin anew
    left = [key async for key in studio.blobs.list(f"jobs/{job.id}/")]
    assert not [key for key in left if "checkpoints" in key]


def test_saying_the_same_again_is_no_progress() -> None:
    one = StageLine(stage="encoding", done=3, total=9)
    assert get_progress(one) == get_progress(StageLine(stage="encoding", done=3, total=9))
    assert get_progress(one) != get_progress(StageLine(stage="encoding", done=4, total=9))
    step = StepLine(step=3, total_steps=9, loss=1, learning_rate=1, images_per_s=1)
    assert get_progress(step) != get_progress(step.model_copy(update={"step": 4}))
