"""Aspect-ratio buckets, pure: the sizes that pictures are trained at, for the free report and for the worker alike."""

import math
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

STEP_PX = 64
"""Side lengths are multiples of this, so that a UNet can halve its latents three times."""
_STEPS_PX = {"tiny": 8}
_SIDE_SPAN = 2
"""A side is at least half and at most twice the resolution, as kohya's defaults have it."""


class Size(NamedTuple):
    """A picture's width and height in pixels."""

    width_px: int
    height_px: int


def get_step_px(family: str) -> int:
    """Get what side lengths of a family of base models are multiples of."""
    return _STEPS_PX.get(family, STEP_PX)


@cache
def list_buckets(resolution_px: int, step_px: int) -> tuple[Size, ...]:
    """List the sizes whose area is at most resolution², from the tallest to the widest.

    For each allowed width the greatest allowed height, and the same turned around.
    Source: NovelAI 2022, "Aspect ratio bucketing" (github.com/NovelAI/novelai-aspect-ratio-bucketing);
    make_bucket_resolutions of kohya's library/model_util.py.
    """
    side = max(step_px, resolution_px // step_px * step_px)
    low = max(step_px, resolution_px // _SIDE_SPAN // step_px * step_px)
    high = side * _SIDE_SPAN
    sizes = {Size(side, side)}
    for width in range(low, high + 1, step_px):
        height = min(high, resolution_px**2 // width // step_px * step_px)
        if height >= low:
            sizes |= {Size(width, height), Size(height, width)}
    return tuple(sorted(sizes, key=lambda size: (size.width_px / size.height_px, size)))


@lru_cache(maxsize=50_000)
def find_bucket(size: Size, resolution_px: int, step_px: int) -> Size:
    """Find the bucket of the nearest aspect; of equally near ones the largest.

    Nearness is the difference of the logarithms, so that tall and wide pictures are treated alike.
    """
    aspect = math.log(size.width_px / size.height_px)

    def rate(bucket: Size) -> tuple[float, int, int]:
        apart = abs(math.log(bucket.width_px / bucket.height_px) - aspect)
        return round(apart, 9), -bucket.width_px * bucket.height_px, bucket.width_px

    return min(list_buckets(resolution_px, step_px), key=rate)


def count_buckets(
    sizes: Iterable[Size], resolution_px: int, step_px: int
) -> tuple[tuple[Size, int], ...]:
    """Count pictures by bucket, the most frequent first."""
    counts = Counter(find_bucket(size, resolution_px, step_px) for size in sizes)
    return tuple(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
