"""What an epoch is, pure: what is held out and how many batches the rest makes, for quote and worker alike."""

import hashlib
from collections.abc import Iterable, Sequence

from core.datasets.buckets import Size, count_buckets


def choose_held_out(pictures: int, share: float, seed: int) -> frozenset[int]:
    """Choose which of so many pictures are not trained on but measured, by their places.

    At least one where any share is asked for, and never all. The same seed chooses the same ones.
    """
    wanted = min(pictures - 1, max(1, round(share * pictures))) if share else 0

    def rank(place: int) -> bytes:
        return hashlib.sha256(f"held out|{seed}|{place}".encode()).digest()

    return frozenset(sorted(range(pictures), key=rank)[: max(0, wanted)])


def count_batches(bucket_counts: Iterable[int], batch_size: int) -> int:
    """Count the batches of an epoch: none mixes sizes, so a bucket's last one may be smaller."""
    return sum(-(-count // batch_size) for count in bucket_counts)


def count_epoch_batches(
    sizes: Sequence[Size],
    held_out: frozenset[int],
    bucketing: tuple[int, int],
    times: int,
    batch: int,
) -> int:
    """Count the batches of one epoch that has each picture so many times.

    `bucketing` is the resolution and what side lengths are multiples of, both in pixels.
    """
    trained = [size for place, size in enumerate(sizes) if place not in held_out]
    counts = count_buckets(trained, *bucketing)
    return count_batches((count * times for _, count in counts), batch)
