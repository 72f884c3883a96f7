"""Buckets keep to their bounds, and each picture goes to the one that cuts least off it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.buckets import Size, count_buckets, find_bucket, get_step_px, list_buckets

SIDES = st.integers(1, 8000)


@given(st.sampled_from([(64, 8), (256, 64), (512, 64), (700, 64), (768, 64), (1024, 64)]))
def test_every_bucket_keeps_to_its_bounds(way: tuple[int, int]) -> None:
    resolution, step = way
    sizes = list_buckets(resolution, step)
    assert len(set(sizes)) == len(sizes) > 5
    for width, height in sizes:
        assert width % step == height % step == 0
        assert width * height <= resolution**2
        assert resolution // 2 // step * step <= min(width, height)
        assert max(width, height) <= 2 * resolution
        assert Size(height, width) in sizes


@given(SIDES, SIDES)
def test_a_picture_goes_to_the_nearest_aspect_and_turned_around_to_the_turned_one(
    width: int, height: int
) -> None:
    found = find_bucket(Size(width, height), 512, 64)
    apart = abs(math.log(found.width_px / found.height_px) - math.log(width / height))
    for other in list_buckets(512, 64):
        distance = abs(math.log(other.width_px / other.height_px) - math.log(width / height))
        assert apart <= distance + 1e-6
    turned = find_bucket(Size(height, width), 512, 64)
    assert turned.width_px * turned.height_px == found.width_px * found.height_px


@pytest.mark.parametrize(
    ("picture", "resolution_px", "family", "bucket"),
    [
        ((800, 800), 512, "sd15", (512, 512)),
        ((1920, 1080), 512, "sd15", (640, 384)),
        ((1080, 1920), 1024, "sdxl", (768, 1344)),
        ((96, 96), 64, "tiny", (64, 64)),
        ((120, 96), 64, "tiny", (72, 56)),
        ((4000, 100), 512, "sd15", (1024, 256)),
    ],
)
def test_well_known_pictures_go_where_one_expects(
    picture: tuple[int, int], resolution_px: int, family: str, bucket: tuple[int, int]
) -> None:
    assert find_bucket(Size(*picture), resolution_px, get_step_px(family)) == bucket


def test_counts_name_the_most_frequent_first() -> None:
    sizes = [Size(512, 512), Size(1000, 1000), Size(1920, 1080)]
    assert count_buckets(sizes, 512, 64) == ((Size(512, 512), 2), (Size(640, 384), 1))
