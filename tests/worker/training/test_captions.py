"""Shuffled captions keep what they must, and follow from the seed."""

from tests.worker.training.tasks import make_spec
from worker.training.captions import VARIANTS, list_variants, write_caption
from worker.training.settings import read_settings

CAPTION = "flagon, red, striped, tall, on a hill"


def test_trigger_words_come_first_unless_they_are_there() -> None:
    assert write_caption("a red flag", ["flagon"]) == "flagon, a red flag"
    assert write_caption("a red Flagon", ["flagon"]) == "a red Flagon"
    assert write_caption("", ["flagon", "big"]) == "flagon, big"
    assert write_caption("", ["flagon"], "a star") == "a flagon star"
    assert write_caption("red", ["flagon"], "a star") == "flagon, red"


def test_variants_keep_their_first_tags_and_all_others() -> None:
    settings = read_settings(make_spec(shuffle_caption=True, keep_tokens=2))
    variants = list_variants(CAPTION, settings)
    assert len(variants) == VARIANTS and len(set(variants)) > 2
    assert all(variant.startswith("flagon, red, ") for variant in variants)
    assert {tuple(sorted(v.split(", "))) for v in variants} == {tuple(sorted(CAPTION.split(", ")))}
    assert variants == list_variants(CAPTION, settings)
    other = read_settings(make_spec(shuffle_caption=True, keep_tokens=2, seed=9))
    assert variants != list_variants(CAPTION, other)


def test_without_shuffling_there_is_one() -> None:
    assert list_variants(CAPTION, read_settings(make_spec())) == (CAPTION,)
