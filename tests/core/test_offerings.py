"""The catalogue, its messages, and the public price."""

from pathlib import Path

import pytest

from core.errors import InvalidError, NotFoundError
from core.offerings.catalogue import parse_base_models, parse_offerings
from core.offerings.price import compute_charge
from core.offerings.service import Offerings, TrainingWishes
from worker.training.settings import KNOWN_PARAMS

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def catalogue() -> Offerings:
    models = parse_base_models((CONFIG / "base_models.toml").read_text(), "base_models.toml")
    text = (CONFIG / "training_offerings.toml").read_text()
    return Offerings(parse_offerings(text, "offerings.toml", models, KNOWN_PARAMS), models)


def wish(**params: int | float | bool | str) -> TrainingWishes:
    return TrainingWishes(offering="tiny-lora", trigger_words=("blip",), params=params)


def test_the_price_follows_the_public_formula(catalogue: Offerings) -> None:
    _, quote = catalogue.specify(wish(steps=400, train_batch_size=4))
    assert quote.points == 5 + 400 * 20 * 4 // 1000
    assert compute_charge(quote, 0) == 0
    assert compute_charge(quote, 1) == 6
    assert compute_charge(quote, 400) == quote.points
    assert compute_charge(quote, 9999) == quote.points


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"steps": 9}, "from 10 to 5000"),
        ({"steps": 10.5}, "without a fraction"),
        ({"steps": True}, "number"),
        ({"steps": "many"}, "number"),
        ({"learning_rate": float("nan")}, "number"),
        ({"lr_scheduler": "magic"}, "constant, linear, cosine"),
        ({"flip": 1}, "true or false"),
        ({"speed": 1}, "no setting “speed”"),
    ],
)
def test_a_bad_setting_is_named_with_its_bounds(
    catalogue: Offerings, params: dict[str, int | float | bool | str], words: str
) -> None:
    with pytest.raises(InvalidError, match=words):
        catalogue.specify(wish(**params))


def test_an_unknown_offering_names_those_that_exist(catalogue: Offerings) -> None:
    with pytest.raises(NotFoundError, match="tiny-lora"):
        catalogue.specify(TrainingWishes(offering="nothing", trigger_words=("blip",)))


@pytest.mark.parametrize("words", [(), ("",), ("<lora:x:1>",), ("a" * 61,), ("?",), ("a\x00b",)])
def test_a_bad_trigger_word_is_refused(catalogue: Offerings, words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError, match="trigger word"):
        catalogue.specify(TrainingWishes(offering="tiny-lora", trigger_words=words))


def test_a_mistake_in_the_file_is_found_with_its_line() -> None:
    models = parse_base_models((CONFIG / "base_models.toml").read_text(), "base_models.toml")
    text = (CONFIG / "training_offerings.toml").read_text()
    line = 1 + text[: text.index("[[offering]]")].count("\n")
    for wrong, right, words in (
        ("min_images = 3", "min_images = 0", "min_images"),
        ("min_images = 3", "min_pictures = 3", "min_pictures|min_images"),
        ('["tiny-sd"]', '["tiny-xl"]', "tiny-xl is not in the base model file"),
        ('family = "tiny"', 'family = "sd15"', "not of family"),
        ("steps = { ", "stepps = { ", "steps is missing"),
        ("flip = {", "flop = {", "does not read the setting flop"),
        ("default = 400,", "default = 4,", "default of steps"),
    ):
        with pytest.raises(InvalidError, match=words) as caught:
            parse_offerings(text.replace(wrong, right, 1), "o.toml", models, KNOWN_PARAMS)
        assert caught.value.message.startswith(f"o.toml:{line}")
