"""Batches never mix sizes, epochs are permutations, and both follow from the seed."""

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.buckets import Size
from tests.worker.training.tasks import make_spec
from worker.training.batches import Batches
from worker.training.images import Picture
from worker.training.settings import read_settings

BUCKETS = (Size(64, 64), Size(80, 48), Size(48, 80))


def make_picture(bucket: Size, repeats: int = 1) -> Picture:
    return Picture(Path("x.png"), "", bucket, bucket, ("a flag",), repeats)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(BUCKETS), st.integers(1, 3)), min_size=1, max_size=12),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2**31 - 1),
)
def test_every_epoch_has_each_picture_as_often_as_it_repeats_and_no_batch_mixes_sizes(
    chosen: list[tuple[Size, int]], size: int, repeats: int, seed: int
) -> None:
    pictures = [make_picture(bucket, times) for bucket, times in chosen]
    read = read_settings(make_spec(train_batch_size=size, repeats=repeats, seed=seed))
    batches = Batches(pictures, read)
    for epoch in range(2):
        positions = range(epoch * batches.per_epoch, (epoch + 1) * batches.per_epoch)
        epoch_batches = [batches.choose(position) for position in positions]
        assert all(1 <= len(batch) <= size for batch in epoch_batches)
        assert all(len({pictures[i].bucket for i in batch}) == 1 for batch in epoch_batches)
        counts = Counter(item for batch in epoch_batches for item in batch)
        assert counts == {i: p.repeats * repeats for i, p in enumerate(pictures)}


def test_order_follows_from_the_seed_wherever_one_begins() -> None:
    pictures = [make_picture(BUCKETS[index % 3]) for index in range(11)]
    read = read_settings(make_spec(train_batch_size=2))
    straight = [Batches(pictures, read).choose(position) for position in range(30)]
    again = Batches(pictures, read)
    assert [again.choose(position) for position in reversed(range(30))] == straight[::-1]
    other = Batches(pictures, read_settings(make_spec(train_batch_size=2, seed=2)))
    assert [other.choose(position) for position in range(30)] != straight
    per_epoch = again.per_epoch
    assert straight[:per_epoch] != straight[per_epoch : 2 * per_epoch]
