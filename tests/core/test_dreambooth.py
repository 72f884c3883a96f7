"""The class prompt: asked for where it is used, and the trigger words put before its noun."""

from pathlib import Path

import pytest

from core.errors import InvalidError
from core.offerings.catalogue import parse_base_models, parse_offerings
from core.offerings.dreambooth import check_class_prompt, name_subject
from core.offerings.price import compute_charge, make_quote
from core.offerings.records import Method, Offering, Output, ParamValue, Price, Status
from worker.training.settings import KNOWN_PARAMS

CONFIG = Path(__file__).resolve().parents[2] / "config"


def make_offering(method: Method = Method.DREAMBOOTH, class_image_steps: int = 10) -> Offering:
    return Offering(
        id="booth",
        name="Booth",
        summary="",
        method=method,
        family="tiny",
        base_models=("tiny-sd",),
        output=Output.LORA,
        status=Status.AVAILABLE,
        min_images=1,
        max_images=9,
        vram_gb=0,
        price=Price(
            base_points=5,
            points_per_1000_steps=20,
            resolution_exponent=2,
            native_resolution_px=64,
            class_image_steps=class_image_steps,
        ),
        params=(),
    )


@pytest.mark.parametrize(
    ("triggers", "class_prompt", "subject"),
    [
        (("sks",), "a dog", "a sks dog"),
        (("sks",), "dog", "a sks dog"),
        (("ohwx",), "a dog", "an ohwx dog"),
        (("sks",), "an apple", "a sks apple"),
        (("sks",), "A photo of a dog", "A photo of a sks dog"),
        (("sks", "rex"), "a photo of the dog", "a photo of the sks rex dog"),
        (("sks",), "A dog on the beach", "A sks dog on the beach"),
        (("sks",), "a photo of a dog in a car", "a photo of a sks dog in a car"),
        (("sks",), "the top of a hill", "the sks top of a hill"),
        (("sks",), "analogue portrait", "a sks analogue portrait"),
        (("sks", "rex"), "", "sks, rex"),
    ],
)
def test_the_trigger_words_stand_before_the_class_noun(
    triggers: tuple[str, ...], class_prompt: str, subject: str
) -> None:
    assert name_subject(triggers, class_prompt) == subject


def test_a_class_prompt_is_cleaned() -> None:
    assert check_class_prompt(make_offering(), "  a\x00 red\nstar ") == "a red star"
    assert check_class_prompt(make_offering(Method.LORA), " ") == ""


@pytest.mark.parametrize("text", ["", "  ", "!?", "a " * 101])
def test_dreambooth_needs_a_class_prompt(text: str) -> None:
    with pytest.raises(InvalidError, match="needs a class prompt of at most 200"):
        check_class_prompt(make_offering(), text)


@pytest.mark.parametrize("method", [Method.LORA, Method.HYPER_LORA])
def test_other_methods_refuse_a_class_prompt(method: Method) -> None:
    with pytest.raises(InvalidError, match="takes no class prompt"):
        check_class_prompt(make_offering(method), "a dog")


def test_class_images_cost_steps_and_double_the_batch() -> None:
    params: dict[str, ParamValue] = {"steps": 100, "train_batch_size": 4, "resolution_px": 64}
    assert make_quote(make_offering(), params).points == 5 + 100 * 4 * 20 // 1000
    quote = make_quote(make_offering(), {**params, "class_images": 50})
    assert quote.formula_version == 3
    assert quote.points == 5 + (100 * 4 * 2 + 50 * 10) * 20 // 1000
    assert compute_charge(quote, 0) == 0  # cancelled while class images are drawn
    assert compute_charge(quote, 50) == 5 + (50 * 4 * 2 + 50 * 10) * 20 // 1000
    assert compute_charge(quote, 999) == quote.points


@pytest.mark.parametrize(
    ("offering", "wrong", "right", "words"),
    [
        ("dreambooth", 'method = "dreambooth"', 'method = "lora"', "setting class_images"),
        ("dreambooth", 'output = "lora"', 'output = "checkpoint"', "setting network_alpha"),
        ("sdxl-dreambooth", 'output = "lora"', 'output = "checkpoint"', "families sd15, tiny"),
        ("tiny-lora", 'output = "lora"', 'output = "checkpoint"', "for the method dreambooth"),
        ("dreambooth", "\nrank = {", "\n# rank = {", "needs the settings rank"),
        ("tiny-lora", 'output = "lora"', 'output = "zip"', "output: Input should be"),
    ],
)
def test_the_catalogue_refuses_what_would_be_without_effect_or_cannot_be_made(
    offering: str, wrong: str, right: str, words: str
) -> None:
    models = parse_base_models((CONFIG / "base_models.toml").read_text(), "base_models.toml")
    before, mark, after = (
        (CONFIG / "training_offerings.toml").read_text().partition(f'id = "{offering}"')
    )
    text = before + mark + after.replace(wrong, right, 1)
    with pytest.raises(InvalidError, match=words):
        parse_offerings(text, "o.toml", models, KNOWN_PARAMS)
