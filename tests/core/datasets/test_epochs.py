"""An epoch has each picture that is trained on, in batches of one size."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.buckets import Size, find_bucket
from core.datasets.epochs import choose_held_out, count_batches, count_epoch_batches
from core.errors import InvalidError
from core.offerings.epochs import count_steps, resolve_steps
from core.offerings.records import ParamValue
from core.offerings.service import TrainingWishes, resolve_params
from tests.core.yard import Yard, read_offerings

SQUARE, WIDE = Size(64, 64), Size(128, 64)
TINY = read_offerings().get("tiny-lora")


def resolve(sizes: list[Size] | None, /, **params: ParamValue) -> dict[str, ParamValue]:
    return resolve_steps(TINY, resolve_params(TINY, params), sizes)


@given(st.integers(0, 60), st.floats(0, 0.5), st.integers(0, 2**31 - 1))
def test_some_are_held_out_and_never_all(pictures: int, share: float, seed: int) -> None:
    held = choose_held_out(pictures, share, seed)
    assert held <= set(range(pictures)) and held == choose_held_out(pictures, share, seed)
    assert len(held) < max(1, pictures)
    if share and pictures > 1:
        assert len(held) == min(pictures - 1, max(1, round(share * pictures)))


def test_another_seed_holds_out_others() -> None:
    assert len({choose_held_out(40, 0.25, seed) for seed in range(20)}) == 20
    often = Counter(place for seed in range(2000) for place in choose_held_out(10, 0.2, seed))
    assert all(300 < often[place] < 500 for place in range(10)), "each as often as the others"


@given(
    st.lists(st.sampled_from([SQUARE, WIDE, Size(64, 128), Size(100, 90)]), min_size=1),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_batches_hold_every_picture_and_mix_no_sizes(
    sizes: list[Size], batch: int, times: int
) -> None:
    counted = count_epoch_batches(sizes, frozenset(), (64, 8), times, batch)
    buckets = Counter(find_bucket(size, 64, 8) for size in sizes)
    assert counted == count_batches((n * times for n in buckets.values()), batch)
    assert counted * batch >= len(sizes) * times > (counted - len(buckets)) * batch


@pytest.mark.parametrize(
    ("sizes", "params", "steps"),
    [
        ([SQUARE] * 20, {"epochs": 5, "train_batch_size": 4}, 25),
        ([SQUARE] * 21, {"epochs": 5, "train_batch_size": 4}, 30),
        ([SQUARE] * 19 + [WIDE], {"epochs": 5, "train_batch_size": 4}, 30),
        ([SQUARE] * 20, {"epochs": 5, "train_batch_size": 4, "repeats": 3}, 75),
        (
            [SQUARE] * 20,
            {"epochs": 5, "train_batch_size": 4, "gradient_accumulation_steps": 2},
            13,
        ),
        ([SQUARE] * 20, {"epochs": 5, "train_batch_size": 4, "validation_share": 0.5}, 15),
        ([SQUARE] * 20, {"epochs": 0, "steps": 77}, 77),
        (None, {"epochs": 0, "steps": 77}, 77),
    ],
)
def test_epochs_are_counted_in_steps(
    sizes: list[Size] | None, params: dict[str, ParamValue], steps: int
) -> None:
    resolved = resolve(sizes, **params)
    assert resolved["steps"] == steps
    assert resolved["epochs"] == params["epochs"]


def test_epochs_out_of_bounds_are_refused_with_what_they_come_to() -> None:
    with pytest.raises(
        InvalidError, match=r"900 epochs of these pictures are 18000 steps.*to 5000"
    ):
        resolve([SQUARE] * 80, epochs=900)
    with pytest.raises(InvalidError, match=r"1 epochs of these pictures are 1 steps.* 10 to"):
        resolve([SQUARE] * 3, epochs=1)
    with pytest.raises(InvalidError, match="name the dataset"):
        resolve(None, epochs=3)
    with pytest.raises(InvalidError, match="epochs is a number from 0 to 1000"):
        resolve([SQUARE], epochs=-1)


async def test_quote_and_job_have_the_steps_of_the_dataset_as_it_is(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 20)
    wishes = TrainingWishes(
        offering="tiny-lora", trigger_words=("flagon",), params={"epochs": 10, "repeats": 2}
    )
    _, quote = await yard.studio.jobs.quote(mira, wishes, dataset)
    assert quote.inputs.total_steps == 100
    job = await yard.studio.jobs.submit(mira, dataset, wishes, "first")
    assert (
        job.training.params["steps"]
        == job.quote.inputs.total_steps
        == job.progress.total_steps
        == 100
    )
    assert job.training.params["epochs"] == 10 and job.quote.points == quote.points
    again = await yard.studio.jobs.submit(mira, dataset, wishes, "first")
    assert again.id == job.id
    for index in range(20, 30):
        await yard.put_item(mira, dataset, index)
    _, more = await yard.studio.jobs.quote(mira, wishes, dataset)
    assert more.inputs.total_steps == 150
    with pytest.raises(InvalidError, match="name the dataset"):
        await yard.studio.jobs.quote(mira, wishes)
    report = await yard.studio.report(mira, dataset)
    fits = {fit.offering: fit for fit in report.offerings}
    assert fits["tiny-lora"].steps_per_epoch == 8 and fits["tiny-lora"].steps == 400
    assert count_steps(TINY, resolve_params(TINY, {}), [SQUARE] * 30, 1) == 8


async def test_an_empty_dataset_is_refused_for_its_size(yard: Yard) -> None:
    mira = await yard.meet()
    dataset = await yard.fill(mira, 0)
    wishes = TrainingWishes(offering="tiny-lora", trigger_words=("flagon",), params={"epochs": 10})
    with pytest.raises(InvalidError, match="needs 3 to 500 images"):
        await yard.studio.jobs.quote(mira, wishes, dataset)
