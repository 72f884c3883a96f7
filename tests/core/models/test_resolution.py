"""Prompts and the models that they bring in: what is written, what wins, and whatever else people type."""

import pytest

from bots.languages import load_language
from core.models.index import Index
from core.models.resolution import MAX_MODELS, Resolution, resolve
from tests.core.models.entries import make_entry, make_index

MYCAT = make_entry("mycat")
GHIBLI = make_entry("studio ghibli", slug="ghibli")
STUDIO = make_entry("studio nine", "nine studios", slug="nine")
PUBLIC = make_index([MYCAT, GHIBLI, STUDIO])


def read(prompt: str, *groups: Index, family: str = "") -> Resolution:
    return resolve(prompt, groups or (PUBLIC,), family)


def weigh(resolution: Resolution) -> dict[str, float]:
    return {model.slug: model.weight for model in resolution.models}


@pytest.mark.parametrize(
    ("prompt", "weights"),
    [
        ("a MyCat on a chair", {"mycat": 1}),
        ("mycat's tail, (mycat) mycat", {"mycat": 1}),
        ("mycats and amycat and my cat", {}),
        ("Studio  GHIBLI, mycat.", {"ghibli": 1, "mycat": 1}),
        ("a studio. Ghibli is else", {}),
        ("nine studios", {"nine": 1}),
        ("ｍｙｃａｔ ①", {"mycat": 1}),
        ("my\u200bcat", {"mycat": 1}),
        ("m\u0443cat", {}),
        ("", {}),
    ],
)
def test_words_match_whole_in_any_case_and_width(prompt: str, weights: dict[str, float]) -> None:
    found = read(prompt)
    assert weigh(found) == weights and found.warnings == () and found.prompt == prompt.strip()


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("一只我的猫坐着", "我的猫"),
        ("ฉันรักแมวของฉันมาก", "แมวของฉัน"),
        ("मेरी बिल्ली, सोना", "बिल्ली"),
        ("Моя КОТОФЕЙКА спит", "котофейка"),
        ("ein STRAẞENKÖTER hier", "straßenköter"),
        ("قطتي الجميلة", "قطتي"),
        ("cafe\u0301rino", "caférino"),
    ],
)
def test_words_match_in_any_script(prompt: str, word: str) -> None:
    found = read(prompt, make_index([make_entry(word, slug="it")]))
    assert weigh(found) == {"it": 1}
    assert weigh(read(f"{word[:-1]} x", make_index([make_entry(word, slug="it")]))) == {}


@pytest.mark.parametrize(
    ("prompt", "text", "weights"),
    [
        ("a (mycat:0.5) here", "a mycat here", {"mycat": 0.5}),
        ("(studio ghibli: .4), sky", "studio ghibli, sky", {"ghibli": 0.4}),
        ("(mycat:0) sleeps", "mycat sleeps", {}),
        ("(mycat:-1)", "mycat", {"mycat": -1}),
        ("a <lora:mycat:0.8> b", "a b", {"mycat": 0.8}),
        ("sky <LORA:MyCat>, sea", "sky, sea", {"mycat": 1}),
        ("<lora:mycat:0> mycat", "mycat", {}),
        ("<lora:mycat:0.3> mycat", "mycat", {"mycat": 0.3}),
        ("(a red mycat:1.3) (dog:0.8)", "(a red mycat:1.3) (dog:0.8)", {"mycat": 1}),
        ("((mycat:0.8):0.5)", "mycat", {"mycat": 0.8}),
        ("<lora:<lora:mycat:1>x:1> y", "<lora: x:1> y", {"mycat": 1}),
        ("(mycat:much) <lora:mycat", "(mycat:much) <lora:mycat", {"mycat": 1}),
    ],
)
def test_weights_are_given_in_brackets_and_tags(
    prompt: str, text: str, weights: dict[str, float]
) -> None:
    found = read(prompt)
    assert (found.prompt, weigh(found)) == (text, weights)


def test_a_full_stop_or_an_exclamation_mark_changes_no_weight() -> None:
    assert weigh(read("mycat!!! mycat...")) == {"mycat": 1}


@pytest.mark.parametrize(
    ("prompt", "weight", "words"),
    [
        ("(mycat:1e9)", 2, "from -2 to 2"),
        ("<lora:mycat:-1e309>", -2, "from -2 to 2"),
        ("(mycat:nan)", 1, "“nan” is no weight"),
        ("<lora:mycat:0.5:0.5>", 1, "“0.5:0.5” is no weight"),
        ("(mycat:0.5) <lora:mycat:0.6>", 0.5, "several weights here; 0.5 was taken"),
    ],
)
def test_weights_out_of_bounds_are_cut_with_a_warning(
    prompt: str, weight: float, words: str
) -> None:
    found = read(prompt)
    assert weigh(found) == {"mycat": weight}
    assert len(found.warnings) == 1 and words in found.warnings[0]


def test_the_longest_phrase_wins_across_groups_and_then_the_first_group() -> None:
    own = make_index([make_entry("studio", slug="mine"), make_entry("mycat", slug="my-own")])
    found = read("studio ghibli, studio, mycat", own, PUBLIC)
    assert list(weigh(found)) == ["ghibli", "mine", "my-own"]


def test_of_ones_own_models_the_newest_is_taken_and_said() -> None:
    own = make_index([make_entry("x1", slug="old", age_s=60), make_entry("x1", slug="new")])
    found = read("x1", own)
    assert weigh(found) == {"new": 1}
    assert "the newest was taken: new" in found.warnings[0] and "<lora:old:1>" in found.warnings[0]


def test_an_ambiguous_word_of_others_is_a_warning_and_never_a_guess() -> None:
    twins = make_index([make_entry("x1", slug="a"), make_entry("x1", slug="b", family="sdxl")])
    found = read("(x1:0.5) and x1", make_index(), twins)
    assert found.models == () and found.prompt == "(x1:0.5) and x1"
    assert len(found.warnings) == 1 and "could be any of b, a" in found.warnings[0]
    assert weigh(read("x1", make_index(), twins, family="sdxl")) == {"b": 1}


def test_a_model_of_another_family_is_left_out_and_said() -> None:
    found = read("mycat <lora:ghibli:1> (mycat:0.5)", family="sdxl")
    assert found.models == () and found.prompt == "mycat (mycat:0.5)"
    assert any("“ghibli” is a model for tiny and not for sdxl" in w for w in found.warnings)
    assert any("“mycat” brings in a model for tiny" in w for w in found.warnings)


def test_a_shorter_phrase_counts_when_the_longer_ones_family_does_not_fit() -> None:
    both = make_index(
        [make_entry("my cat", family="sdxl", slug="long"), make_entry("my", slug="s")]
    )
    assert weigh(read("my cat", both, family="tiny")) == {"s": 1}


def test_old_words_work_and_say_what_to_write() -> None:
    index = make_index([make_entry("flufftail", taught="mycat", old={"mycat": "flufftail"})])
    found = read("MyCat and (mycat:0.5)", index)
    assert weigh(found) == {"flufftail": 0.5} and found.prompt == "MyCat and mycat"
    assert [(r.old, r.now, r.model) for r in found.renamed] == [("mycat", "flufftail", "flufftail")]


def test_the_word_that_the_weights_know_takes_the_place_of_the_one_that_people_write() -> None:
    index = make_index([make_entry("flufftail", taught="girl")])
    found = read("A Flufftail, (FLUFFTAIL:0.7)!", index)
    assert found.prompt == "A girl, girl!" and weigh(found) == {"flufftail": 0.7}


def test_words_that_would_mean_another_model_are_not_put_in() -> None:
    index = make_index([make_entry("aaa", taught="bbb"), make_entry("bbb", taught="aaa")])
    found = read("aaa", index)
    assert found.prompt == "aaa" and weigh(found) == {"aaa": 1}


def test_a_tag_of_no_model_is_left_out_and_said() -> None:
    found = read("x <lora:secret:1> y")
    assert found.prompt == "x y"
    assert found.warnings == ("There is no model “secret” that you can use; its tag was left out.",)


def test_models_are_capped_and_those_left_out_are_named() -> None:
    index = make_index(make_entry(f"word{n}") for n in range(20))
    found = read(" ".join(f"word{n}" for n in range(20)), index)
    assert len(found.models) == MAX_MODELS and found.models[0].slug == "word0"
    assert "left out: word8, word9" in found.warnings[0]


def test_a_trigger_that_is_a_regular_expression_is_taken_literally() -> None:
    index = make_index([make_entry("my.*cat+", slug="a"), make_entry("[a-z]+$ x9", slug="b")])
    assert weigh(read("my big cat, mycat, abc x9", index)) == {}
    assert list(weigh(read("MY.*cat+ and [a-z]+$ x9", index))) == ["a", "b"]


def test_brackets_around_more_than_any_trigger_word_has_are_left_alone() -> None:
    phrase = "a " * 70 + "b"
    index = make_index([make_entry(phrase, slug="long")])
    assert read(f"({phrase}:0.5)", index).prompt == f"({phrase}:0.5)"


def test_every_warning_is_known_in_german() -> None:
    twins = make_index([make_entry("x1", slug="a"), make_entry("x1", slug="b", age_s=1)])
    many = make_index(make_entry(f"word{n}") for n in range(MAX_MODELS + 1))
    readings = [
        read("<lora:secret:1> (mycat:1e9) (mycat:nan) (mycat:0.5)"),
        read("mycat <lora:mycat:1>", family="sdxl"),
        read("x1", twins),
        read("x1", make_index(), twins),
        read(" ".join(f"word{n}" for n in range(MAX_MODELS + 1)), many),
    ]
    said = [sentence for reading in readings for sentence in reading.warnings]
    german = load_language("de")
    assert len(said) == 9 and [s for s in said if german.translate_error(s) == s] == []
