"""From a dataset of two people to a third who draws with its model: who pays what to whom, to the point."""

import pytest

from core.accounts.records import Principal
from core.errors import NotFoundError
from core.generations.wishes import GenerationWishes, LoraWish
from core.jobs.records import Failure, Job, Status
from core.records import PageRequest
from tests.core.generations.test_generations import draw, start
from tests.core.models.people import publish, train_model
from tests.core.yard import Yard

COUNT = 8


def wish(prompt: str, *models: str) -> GenerationWishes:
    loras = tuple(LoraWish(model=model) for model in models)
    return GenerationWishes(prompt=prompt, loras=loras, params={"count": COUNT, "steps": 50})


async def balance(yard: Yard, person: Principal) -> int:
    return await yard.studio.points.get_balance(person.account)


async def generate(yard: Yard, person: Principal, wanted: GenerationWishes, key: str) -> Job:
    await yard.studio.generations.submit(person, wanted, key)
    job = await start(yard)
    for index in range(COUNT):
        job = await draw(yard, job, index)
    return await yard.finish(job)


async def test_a_generation_by_trigger_word_pays_trainer_and_contributors(yard: Yard) -> None:
    ada, ben = await yard.meet("ada"), await yard.meet("ben")
    cleo = await yard.meet("cleo", 100)
    model = await train_model(yard, ada, "flagon", pictures_of=(ada, ben, ada, ben))
    await yard.studio.publishing.publish(ada, model.id)
    before = await balance(yard, ada), await balance(yard, ben)
    job = await generate(yard, cleo, wish("a flagon at sea"), "first")
    assert [lora.model for lora in job.generation.loras] == [model.id]
    assert (job.charged_points, job.royalty_points) == (9, 4)  # 1 + 400 steps at 20 for a thousand
    assert await balance(yard, cleo) == 91
    await yard.studio.payouts.sweep()
    # half of 9 is 4 for the makers: 7,500 and 2,500 of 10,000
    assert (await balance(yard, ada), await balance(yard, ben)) == (before[0] + 3, before[1] + 1)
    await yard.studio.popularity.sweep()
    shown = await yard.studio.models.get(cleo, model.id)
    assert shown.generations == 1
    earned = await yard.studio.royalties.list_own(ada, PageRequest())
    assert [(a.model, a.training, a.points) for a in earned.items] == [
        (model.id, model.provenance.job, 3)
    ]
    verdict = await yard.studio.reconciler.reconcile()
    assert verdict.is_sound, verdict.findings


async def test_own_models_pay_nobody_and_failures_cost_nothing(yard: Yard) -> None:
    ada, cleo = await yard.meet("ada"), await yard.meet("cleo", 100)
    model = await publish(yard, ada, "flagon")
    before = await balance(yard, ada)
    job = await generate(yard, ada, wish("a flagon"), "own")
    assert job.generation.claims == () and await balance(yard, ada) == before - 9
    await yard.studio.generations.submit(cleo, wish("a flagon"), "failing")
    failed = await yard.studio.leases.fail(await start(yard), Failure(code="x", message="x"))
    assert failed.status is Status.FAILED and await balance(yard, cleo) == 100
    assert await yard.studio.payouts.sweep() == 0
    assert await yard.studio.royalties.sum_model(model.id) == 0


async def test_two_models_are_paid_by_their_weights_and_a_private_one_is_not_there(
    yard: Yard,
) -> None:
    ada, ben, cleo = await yard.meet("ada"), await yard.meet("ben"), await yard.meet("cleo", 100)
    one, two = await publish(yard, ada, "flagon"), await publish(yard, ben, "zorblax")
    secret = await train_model(yard, ada, "hushword")
    with pytest.raises(NotFoundError):
        await yard.studio.generations.submit(cleo, wish("a cat", secret.id), "private")
    before = await balance(yard, ada), await balance(yard, ben)
    prompt = f"<lora:{one.slug}:0.5> a (zorblax:1.5) and a hushword"
    job = await generate(yard, cleo, wish(prompt), "both")
    assert {(lora.model, lora.weight) for lora in job.generation.loras} == {
        (one.id, 0.5),
        (two.id, 1.5),
    }
    await yard.studio.payouts.sweep()
    gained = await balance(yard, ada) - before[0], await balance(yard, ben) - before[1]
    assert gained == (1, 3)
    assert (await yard.studio.reconciler.reconcile()).is_sound


async def test_what_was_agreed_stays_whatever_becomes_of_the_model(yard: Yard) -> None:
    ada, cleo = await yard.meet("ada"), await yard.meet("cleo", 100)
    model = await publish(yard, ada, "flagon")
    before = await balance(yard, ada)
    await yard.studio.generations.submit(cleo, wish("a flagon"), "late")
    await yard.studio.publishing.withdraw(ada, model.id)
    job = await start(yard)
    for index in range(COUNT):
        job = await draw(yard, job, index)
    await yard.finish(job)
    await yard.studio.payouts.sweep()
    assert await balance(yard, ada) == before + 4
