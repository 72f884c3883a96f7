"""Generations as jobs: what is refused and why, one key one job, what is charged, and what is pinned."""

import pytest

from core.accounts.records import Principal, Scope
from core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from core.generations.wishes import GenerationWishes, LoraWish
from core.jobs.records import Failure, Job, Kind, Picture, Status, StoredFile
from core.notifications.records import NewsKind
from core.offerings.price import compute_generation_points
from core.offerings.records import GenerationInputs, ParamValue, Sampler
from core.records import PageRequest
from tests.core.yard import FAMILIES, Yard, once

PRICE = 3
"""Of four pictures of twenty steps: 1 + 80/1000 × 20, rounded up."""


def wish(prompt: str = "a red circle", **params: ParamValue) -> GenerationWishes:
    return GenerationWishes(prompt=prompt, params={"count": 4, **params})


async def start(yard: Yard) -> Job:
    job = await yard.studio.leases.claim("worker", FAMILIES)
    assert job is not None and job.kind is Kind.GENERATE
    return await yard.studio.leases.start_running(job)


async def draw(yard: Yard, job: Job, index: int) -> Job:
    info = await yard.blobs.put(
        f"jobs/{job.id}/a1/{index}.png", once(b"png"), content_type="image/png"
    )
    file = StoredFile(name=f"{index}.png", **info.model_dump())
    picture = Picture(index=index, seed=job.generation.seed + index, file=file)
    return await yard.studio.leases.add_picture(job, picture)


async def balance(yard: Yard, who: Principal) -> int:
    return await yard.studio.points.get_balance(who.account)


def test_the_price_follows_the_public_formula() -> None:
    given = GenerationInputs(
        steps=20,
        count=4,
        width_px=1024,
        height_px=512,
        base_points=1,
        points_per_1000_steps=100,
        resolution_exponent=2,
        native_resolution_px=512,
    )
    assert compute_generation_points(given, given.total_steps) == 1 + 80 * 100 * 2 // 1000
    assert compute_generation_points(given, 1) == 2


async def test_a_generation_holds_its_price_and_keeps_the_seed_that_was_drawn(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.studio.generations.submit(mira, wish(), "first")
    assert (job.status, job.quote.points) == (Status.QUEUED, PRICE)
    assert job.progress.total_steps == 80
    again = await yard.studio.generations.submit(mira, wish(), "first")
    assert again == job, "the same key is the same generation, with the same seed"
    assert await balance(yard, mira) == 1000 - PRICE
    with pytest.raises(ConflictError):
        await yard.studio.generations.submit(mira, wish("a blue circle"), "first")
    with pytest.raises(NotFoundError):
        await yard.studio.jobs.get(mira, job.id)
    assert (await yard.studio.jobs.list_own(mira, PageRequest())).items == ()
    assert (await yard.studio.generations.list_own(mira, PageRequest())).items == (job,)
    await yard.check()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (wish(" \u200b. "), "Write what the picture"),
        (wish("x" * 20_000), "at most 2000 characters"),
        (wish(width_px=60), "multiples of 8"),
        (wish(height_px=4096), "from 32 to 128"),
        (wish(count=9), "from 1 to 8"),
        (wish(count=-1), "from 1 to 8"),
        (wish(steps=1.5), "without a fraction"),
        (wish(guidance_scale=float("nan")), "a number from 0"),
        (wish(speed=1), "no setting “speed”"),
        (wish().model_copy(update={"seed": -1}), "A seed is"),
        (wish().model_copy(update={"seed": 10**30}), "A seed is"),
        (wish().model_copy(update={"base_model": "gone"}), "can be generated with: tiny-sd"),
    ],
)
async def test_a_bad_wish_says_what_to_change_and_keeps_nothing(
    yard: Yard, wanted: GenerationWishes, words: str
) -> None:
    mira = await yard.meet()
    with pytest.raises(InvalidError, match=words):
        await yard.studio.generations.submit(mira, wanted, "first")
    assert await yard.stores.jobs.count({}) == 0
    assert await balance(yard, mira) == 1000


async def test_a_lora_is_pinned_with_its_weight_and_chooses_the_base_model(yard: Yard) -> None:
    mira = await yard.meet()
    model = await yard.own_model(mira)
    named = GenerationWishes(prompt="a flagon", loras=(LoraWish(model=model.id, weight=0.5),))
    spec, _ = await yard.studio.generations.quote(mira, named)
    (lora,) = spec.loras
    assert (lora.model, lora.owner, lora.weight) == (model.id, mira.account, 0.5)
    assert (lora.key, lora.sha256) == (model.files[0].key, model.files[0].sha256)
    assert spec.base_model.id == "tiny-sd" and spec.scheduler == "ddim"


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 1e9, -2.5])
async def test_a_weight_beyond_its_bounds_is_refused(yard: Yard, weight: float) -> None:
    mira = await yard.meet()
    model = await yard.own_model(mira)
    named = GenerationWishes(prompt="a flagon", loras=(LoraWish(model=model.id, weight=weight),))
    with pytest.raises(InvalidError, match="from -2 to 2"):
        await yard.studio.generations.quote(mira, named)


async def test_models_of_others_of_other_families_and_too_many_are_refused(yard: Yard) -> None:
    mira, eve = await yard.meet(), await yard.meet("eve")
    models = [await yard.own_model(mira, f"model {n}") for n in range(5)]
    one = GenerationWishes(prompt="a flagon", loras=(LoraWish(model=models[0].id),))
    with pytest.raises(NotFoundError):
        await yard.studio.generations.quote(eve, one)
    other = one.model_copy(update={"base_model": "sd-1.5"})
    with pytest.raises(InvalidError, match="is a model for tiny"):
        await yard.studio.generations.quote(mira, other)
    all_of_them = tuple(LoraWish(model=model.id) for model in models)
    with pytest.raises(InvalidError, match="At most 4 LoRAs"):
        await yard.studio.generations.quote(mira, one.model_copy(update={"loras": all_of_them}))
    off = (*all_of_them[:4], LoraWish(model=models[4].id, weight=0))
    spec, _ = await yard.studio.generations.quote(mira, one.model_copy(update={"loras": off}))
    assert len(spec.loras) == 4, "weight 0 switches a LoRA off"
    whole = models[0].changed(yard.clock.now(), files=())
    await yard.stores.models.replace(whole)
    with pytest.raises(InvalidError, match="is no LoRA"):
        await yard.studio.generations.quote(mira, one)


async def test_a_few_step_lora_brings_its_sampler_unless_another_is_asked_for(yard: Yard) -> None:
    mira = await yard.meet()
    model = await yard.own_model(mira)
    sampler = Sampler(
        scheduler="ddim-trailing",
        steps=4,
        guidance_scale=1.0,
        acceleration="tiny-sd-4-steps",
        acceleration_source="builtin:tiny_sd/lora.safetensors",
        acceleration_sha256="a" * 64,
    )
    await yard.stores.models.replace(model.changed(yard.clock.now(), sampler=sampler))
    named = GenerationWishes(prompt="a flagon", loras=(LoraWish(model=model.id),))
    spec, quote = await yard.studio.generations.quote(mira, named)
    assert (spec.scheduler, spec.steps, spec.guidance_scale) == ("ddim-trailing", 4, 1.0)
    assert spec.acceleration is not None and spec.acceleration.sha256 == "a" * 64
    assert quote.points == 2
    changed = named.model_copy(update={"params": {"sampler": "usual"}})
    spec, _ = await yard.studio.generations.quote(mira, changed)
    assert (spec.scheduler, spec.steps, spec.acceleration) == ("ddim", 20, None)
    changed = named.model_copy(update={"params": {"steps": 6}})
    spec, _ = await yard.studio.generations.quote(mira, changed)
    assert (spec.scheduler, spec.steps, spec.guidance_scale) == ("ddim-trailing", 6, 1.0)


async def test_a_finished_generation_is_charged_in_full_and_told_once(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.studio.generations.submit(mira, wish(), "first")
    job = await start(yard)
    for index in (1, 0, 2, 3, 3):
        job = await draw(yard, job, index)
    assert [picture.index for picture in job.pictures] == [0, 1, 2, 3]
    job = await yard.studio.leases.complete(await yard.studio.leases.start_finishing(job), ())
    assert (job.charged_points, job.model) == (PRICE, None)
    news = (await yard.studio.notifications.list_own(mira, PageRequest())).items
    assert [note.kind for note in news] == [NewsKind.GENERATION_COMPLETED]
    assert news[0].data["pictures"] == 4
    assert (await yard.studio.models.list_own(mira, PageRequest())).items == ()
    file = await yard.studio.generations.find_picture(mira, job.id, "2.png")
    assert file == job.pictures[2].file
    await yard.check()


async def test_a_cancelled_generation_pays_for_the_pictures_that_it_handed_over(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.studio.generations.submit(mira, wish(steps=100), "first")
    job = await draw(yard, await start(yard), 0)
    asked = await yard.studio.generations.cancel(mira, job.id)
    assert asked.cancel_requested and asked.status is Status.RUNNING
    job = await yard.studio.leases.cancel(job)
    assert (job.quote.points, job.charged_points) == (9, 3)
    with pytest.raises(NotFoundError):
        await yard.studio.jobs.cancel(mira, job.id)
    await yard.check()


async def test_a_failed_generation_costs_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.studio.generations.submit(mira, wish(), "first")
    job = await draw(yard, await start(yard), 0)
    await yard.studio.leases.fail(job, Failure(code="image_nan", message="no"))
    assert await balance(yard, mira) == 1000
    with pytest.raises(ConflictError, match="generation has already failed"):
        await yard.studio.generations.cancel(mira, job.id)
    await yard.check()


async def test_a_generation_whose_worker_is_lost_three_times_is_given_up(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.studio.generations.submit(mira, wish(), "first")
    for _ in range(3):
        await start(yard)
        yard.clock.pass_s(100)
    await yard.studio.leases.end_due()
    (job,) = await yard.stores.jobs.find({})
    assert job.status is Status.FAILED and job.error is not None
    assert "generation stopped three times" in job.error.message
    assert await balance(yard, mira) == 1000


async def test_a_worker_claims_only_the_kinds_that_it_takes(yard: Yard) -> None:
    mira = await yard.meet()
    for number in range(9):
        await yard.submit(mira, await yard.fill(mira), f"training {number}")
    generation = await yard.studio.generations.submit(mira, wish(), "generation")
    claim = yard.studio.leases.claim
    trains, draws = frozenset({Kind.TRAIN}), frozenset({Kind.GENERATE})
    for _ in range(2):
        job = await claim("trainer", FAMILIES, trains)
        assert job is not None and job.kind is Kind.TRAIN
    assert await claim("trainer", FAMILIES, trains) is None, "this account's cap is two"
    job = await claim("painter", FAMILIES, draws)
    assert job is not None and job.id == generation.id, "trainings take no slot of a generation"
    assert await claim("painter", FAMILIES, draws) is None


async def test_a_generation_does_not_wait_behind_its_owners_other_trainings(yard: Yard) -> None:
    mira = await yard.meet()
    for number in range(9):
        await yard.submit(mira, await yard.fill(mira), f"training {number}")
        yard.clock.pass_s(1)
    await yard.studio.generations.submit(mira, wish(), "generation")
    kinds = [(await yard.studio.leases.claim("both", FAMILIES)) for _ in range(2)]
    assert [job.kind for job in kinds if job] == [Kind.TRAIN, Kind.GENERATE]


async def test_a_token_without_the_spend_scope_generates_nothing(yard: Yard) -> None:
    mira = await yard.meet()
    reader = mira.model_copy(update={"scopes": frozenset({Scope.READ, Scope.WRITE})})
    with pytest.raises(ForbiddenError):
        await yard.studio.generations.submit(reader, wish(), "first")
