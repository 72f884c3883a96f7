"""Answers as Telegram shows them: escaped, in pieces that fit, tables that a telephone has room for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.rendering import MAX_CHARACTERS, is_public, render, render_keyboard
from bots.dialog import (
    Button,
    Choice,
    Fact,
    Kind,
    Link,
    Param,
    Question,
    Reply,
    Style,
    Table,
    Tone,
)
from tests.adapters.telegram.refusals import check_keyboard, parse_html

TEXTS = st.text(st.characters(codec="utf-8"), max_size=300)


def count(text: str) -> int:
    """Count as Telegram does."""
    return len(text.encode("utf-16-le")) // 2


@given(TEXTS, TEXTS, st.lists(st.tuples(TEXTS, TEXTS), max_size=4), st.integers(20, 200))
def test_any_text_is_shown_whole_in_messages_that_telegram_takes(
    title: str, text: str, cells: list[tuple[str, str]], most: int
) -> None:
    facts = tuple(Fact(name, value) for name, value in cells)
    reply = Reply(title, text, facts, Table(("a", "b"), tuple(cells)), tone=Tone.BAD)
    shown = [parse_html(message) for message in render(reply, most)]
    assert all(count(message) <= most for message in shown)
    letters = [c for c in "".join(shown) if c.isalnum()]
    wanted = [c for value in (title, text, *sum(cells, ())) for c in value if c.isalnum()]
    assert len(letters) >= len(wanted)


@pytest.mark.parametrize("length", [4095, 4096, 4097, 9000])
def test_a_long_text_is_cut_at_the_limit_and_nowhere_else(length: int) -> None:
    title = "x" * length
    shown = [parse_html(message) for message in render(Reply(title))]
    assert "".join(shown) == title
    assert len(shown) == -(-length // MAX_CHARACTERS)


def test_a_surrogate_pair_is_not_cut() -> None:
    shown = [parse_html(message) for message in render(Reply("🐈" * 30), 21)]
    assert shown == ["🐈" * 10] * 3


def test_what_is_typed_cannot_break_out_of_its_place() -> None:
    (message,) = render(Reply("<b>", "</pre> & <a href='x'>", (Fact("n", "<i>"),)))
    assert parse_html(message) == "<b>\n</pre> & <a href='x'>\nn: <i>"


def test_a_text_from_right_to_left_turns_nothing_else() -> None:
    (message,) = render(Reply("a\u202eb", facts=(Fact("Name", "שלום"), Fact("Price", "5"))))
    assert parse_html(message) == "ab\nName: \u2068שלום\u2069\nPrice: 5"


def test_a_narrow_table_has_columns_and_a_wide_one_a_line_for_each_row() -> None:
    narrow = Table(("#", "Caption"), (("1", "猫"), ("10", "a dog")))
    (message,) = render(Reply("t", table=narrow))
    assert message.endswith("<pre>#   Caption\n1   猫\n10  a dog</pre>")
    wide = Table(("Command", "What"), (("/dataset create", "Make a dataset to put pictures into"),))
    (message,) = render(Reply("t", table=wide))
    assert "<pre>" not in message
    assert "<b>/dataset_create</b>  Make a dataset" in message


def test_a_question_says_what_was_wrong_and_what_each_choice_is() -> None:
    param = Param("colour", "Which?", Kind.CHOICE)
    choices = (Choice("r", "Red", "like <fire>"), Choice("b", "Blue"))
    (message,) = render(Question("Which?", "For example: red", param, choices, problem="No & no."))
    assert parse_html(message) == "❌ No & no.\nWhich?\nFor example: red\nRed: like <fire>"


def test_a_keyboard_has_rows_that_a_telephone_shows() -> None:
    labels = ["Train", "Look at it", "Check", "x" * 90, "", "Delete"]
    buttons = [Button(label, "help", data="help") for label in labels]
    buttons[5] = Button("Delete", "help", data="help", style=Style.DANGER)
    links = (Link("Open", "https://example.org/a"), Link("Here", "http://localhost:8080/a"))
    reply = Reply("t", links=links, buttons=tuple(buttons))
    keyboard = render_keyboard(reply)
    assert keyboard is not None
    check_keyboard(keyboard.to_dict())
    rows = [[key.text for key in row] for row in keyboard.inline_keyboard]
    assert rows == [["Open", "Train", "Look at it"], ["Check"], ["x" * 59 + "…"], ["…", "Delete"]]
    assert keyboard.inline_keyboard[-1][1].style == "danger"
    assert "Here: http://localhost:8080/a" in render(reply)[0]


def test_more_buttons_than_telegram_takes_are_left_out() -> None:
    keyboard = render_keyboard(Reply("t", buttons=(Button("x", "help", data="help"),) * 200))
    assert keyboard is not None
    check_keyboard(keyboard.to_dict())


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://example.org/x", True),
        ("https://t.me/bot?start=link_A", True),
        ("http://localhost/x", False),
        ("http://127.0.0.1:8080/x", False),
        ("http://[::1]/x", False),
        ("ftp://example.org/x", False),
    ],
)
def test_only_addresses_that_others_reach_are_buttons(url: str, public: bool) -> None:
    assert is_public(url) is public
