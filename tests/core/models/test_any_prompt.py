"""Whatever people type: resolved in a bounded time, the same twice, the longest phrase first."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models.index import Entry, Index
from core.models.resolution import MAX_MODELS, MAX_WARNINGS, resolve
from core.models.words import read_keys
from tests.core.models.entries import make_entry, make_index
from tests.core.models.test_resolution import MYCAT, PUBLIC, read, weigh

LONG = 20_000


@pytest.mark.parametrize(
    "prompt",
    [
        "mycat " * (LONG // 6),
        "a " * (LONG // 2),
        "(" * LONG,
        "(mycat:1" * (LONG // 8),
        "(" * (LONG // 3) + "mycat" + ":1)" * (LONG // 3),
        "<lora:mycat:1>" * 1000,
        "".join(f"<lora:x{n}:1>" for n in range(1000)),
        "<lora:" * (LONG // 6),
        "<lora:a" * 1000 + ":1>" * 1000,
        "\u0301" * LONG,
        "猫" * LONG,
        "\u200b\U0001f600" * (LONG // 2),
    ],
)
def test_long_prompts_and_a_thousand_tags_take_a_bounded_time(prompt: str) -> None:
    index = make_index([MYCAT, make_entry("a " * 29 + "b", slug="deep"), make_entry("a", slug="a")])
    began_s = time.process_time()
    found = read(prompt, index, index, PUBLIC)
    assert time.process_time() - began_s < 2
    assert len(found.warnings) <= MAX_WARNINGS and len(found.models) <= MAX_MODELS


TEXTS = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            *("a", "b", "c", " ", ":", "(", ")", "<", ">", "lora:", "<lora:", ":0.5", ":0)", ":1>"),
            *(
                "0.7",
                "nan",
                "a b",
                ",",
                ".",
                "\n",
                "A",
                "é",
                "猫",
                "(a:0.5)",
                "<lora:a:2>",
                "\u200b",
            ),
        ]
    ),
    max_size=25,
).map("".join)
WORDS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(" ".join)


@st.composite
def groups(draw: st.DrawFn) -> list[Index]:
    """Some models under few words, so that they meet; their weights may know other words than people."""
    made = []
    for owner in ("own", "shared", "public"):
        entries: list[Entry] = []
        for number in range(draw(st.integers(0, 3))):
            former = draw(st.none() | WORDS)
            entries.append(
                make_entry(
                    draw(WORDS),
                    slug=f"{owner[0]}{number}"
                    if draw(st.booleans())
                    else f"{'abc'[number]}{owner}",
                    taught=draw(st.just("") | WORDS),
                    family=draw(st.sampled_from(["tiny", "sdxl"])),
                    old={former: "x"} if former else None,
                )
            )
        made.append(make_index(entries))
    return made


@given(TEXTS, groups(), st.sampled_from(["", "tiny"]))
def test_any_text_resolves_and_doing_it_again_changes_nothing(
    prompt: str, known: list[Index], family: str
) -> None:
    found = resolve(prompt, known, family)
    again = resolve(found.prompt, known, family)
    assert again.prompt == found.prompt
    tagged = resolve(found.tagged_prompt, known, family)
    assert tagged.tagged_prompt == found.tagged_prompt
    assert weigh(tagged) == weigh(found)
    assert all(-2 <= model.weight <= 2 and model.weight for model in found.models)
    assert family == "" or {model.family for model in found.models} <= {family}


@given(st.lists(st.sampled_from("abcdx"), max_size=12), st.sets(WORDS, min_size=1))
def test_the_longest_phrase_wins_at_each_place(words: list[str], phrases: set[str]) -> None:
    index = make_index(make_entry(phrase, slug=phrase.replace(" ", "-")) for phrase in phrases)
    expected, place = set(), 0
    while place < len(words):
        fitting = [p.split() for p in phrases if words[place:][: len(p.split())] == p.split()]
        best = max(fitting, key=len, default=["?"])
        expected |= {"-".join(best)} - {"?"}
        place += len(best)
    found = read(" ".join(words), index)
    assert set(weigh(found)) == expected


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_word_is_found_where_it_stands_alone(word: str, before: str, after: str) -> None:
    if not read_keys(word) or set(word) & set("()<>:"):
        return
    index = make_index([make_entry(word, slug="it")])
    assert weigh(read(f"{word}", index)) == {"it": 1}
    index.remove("md_it")
    assert read(f"{before} {word} {after}", index).models == ()
