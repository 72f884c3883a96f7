"""A training may start from one's own LoRA that fits it, and from nothing else."""

import pytest

from core.accounts.records import Principal
from core.errors import ForbiddenError, InvalidError, NotFoundError
from core.jobs.records import Job, StoredFile
from core.jobs.starting import WEIGHTS_FILE
from core.models.records import ModelAccess, TrainedModel
from core.offerings.records import ParamValue
from core.offerings.service import TrainingWishes
from tests.core.yard import STEPS, Yard

SHAPE: dict[str, ParamValue] = {"rank": 4, "network_alpha": 2.0, "target_modules": "attention-ff"}


def wish(start_from: str, offering: str = "tiny-lora", /, **params: ParamValue) -> TrainingWishes:
    return TrainingWishes(
        offering=offering,
        trigger_words=("flagon",),
        class_prompt="a flag" if offering.startswith("dreambooth") else "",
        start_from=start_from,
        params={"steps": STEPS, **params},
    )


def store(name: str) -> StoredFile:
    return StoredFile(name=name, key=f"jobs/x/a1/{name}", sha256="5" * 64, bytes=1, content_type="")


async def make_model(
    yard: Yard, mira: Principal, dataset: str, files: tuple[str, ...] = (WEIGHTS_FILE,)
) -> TrainedModel:
    """Train a LoRA of SHAPE without computing it."""
    wishes = wish("", **SHAPE)
    await yard.studio.jobs.submit(mira, dataset, wishes, f"model of {files}")
    job = await yard.studio.leases.start_finishing(await yard.start())
    done = await yard.studio.leases.complete(job, tuple(store(name) for name in files))
    return await yard.studio.models.get(mira, done.model or "")


async def submit(yard: Yard, who: Principal, dataset: str, wishes: TrainingWishes) -> Job:
    return await yard.studio.jobs.submit(who, dataset, wishes, "further")


async def test_the_earlier_model_is_pinned_and_decides_what_nobody_asked_for(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    model = await make_model(yard, mira, dataset)
    job = await submit(yard, mira, dataset, wish(model.id, network_alpha=8))
    start = job.training.start
    assert start is not None
    assert (start.model, start.key, start.sha256) == (
        model.id,
        f"jobs/x/a1/{WEIGHTS_FILE}",
        "5" * 64,
    )
    params = job.training.params
    assert (params["rank"], params["target_modules"]) == (4, "attention-ff")
    assert params["network_alpha"] == 8.0, "strength may change: up is scaled"
    running = await yard.start()
    done = await yard.studio.leases.complete(
        await yard.studio.leases.start_finishing(running), (store(WEIGHTS_FILE),)
    )
    further = await yard.studio.models.get(mira, done.model or "")
    assert further.provenance.started_from == model.id
    await yard.check()


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (wish("", rank=8), "was trained with rank=4, .* set rank=4"),
        (wish("", target_modules="all"), "set target_modules=attention-ff"),
        (wish("", train_text_encoder=True), "set train_text_encoder=false"),
        (wish("", "dreambooth-checkpoint"), "cannot start from a LoRA"),
        (wish("", "sd15-lora"), "is for tiny, and SD 1.5 LoRA is for sd15"),
    ],
)
async def test_what_does_not_fit_is_refused_with_what_would(
    yard: Yard, wishes: TrainingWishes, words: str
) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    model = await make_model(yard, mira, dataset)
    before = await yard.studio.points.get_balance(mira.account)
    with pytest.raises(InvalidError, match=words):
        await submit(yard, mira, dataset, wishes.model_copy(update={"start_from": model.id}))
    assert await yard.studio.points.get_balance(mira.account) == before


async def test_a_whole_model_cannot_be_trained_further(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    whole = await make_model(yard, mira, dataset, ("model.safetensors",))
    with pytest.raises(InvalidError, match="is no LoRA"):
        await submit(yard, mira, dataset, wish(whole.id))


async def test_anothers_model_is_not_found_in_the_same_words_as_none(yard: Yard) -> None:
    mira, eve = await yard.meet(), await yard.meet("eve")
    model = await make_model(yard, mira, await yard.fill(mira))
    theirs = await yard.fill(eve)
    said = set()
    for known in (model.id, "md_" + "a" * 16):
        with pytest.raises(NotFoundError) as missing:
            await submit(yard, eve, theirs, wish(known))
        said.add(missing.value.message)
    assert said == {"There is no such model."}


async def test_every_method_that_yields_a_lora_takes_a_start(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    model = await make_model(yard, mira, dataset)
    for offering in ("tiny-lora", "dreambooth", "hyper-lora"):
        spec, _ = await yard.studio.jobs.quote(mira, wish(model.id, offering), dataset)
        assert spec.start is not None and spec.params["rank"] == 4, offering


async def test_trying_again_starts_from_the_same_weights(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira)
    model = await make_model(yard, mira, dataset)
    job = await submit(yard, mira, dataset, wish(model.id))
    await yard.studio.jobs.cancel(mira, job.id)
    again = await yard.studio.jobs.retry(mira, job.id, "again")
    assert again.spec == job.spec and again.training.start is not None


async def test_a_model_that_another_published_is_not_trained_further(yard: Yard) -> None:
    """Its weights are not for others; a step of training would hand them over."""
    mira, ben = await yard.meet("mira"), await yard.meet("ben")
    model = await make_model(yard, mira, await yard.fill(mira))
    shown = model.changed(yard.clock.now(), access=ModelAccess.PUBLIC)
    await yard.stores.models.replace(shown)
    with pytest.raises(ForbiddenError, match="somebody else"):
        await submit(yard, ben, await yard.fill(ben), wish(model.id))
