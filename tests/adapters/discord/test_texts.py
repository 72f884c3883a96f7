"""What people type is shown as it is, within every limit; and no markup or mention comes of it."""

import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.rendering import render
from adapters.discord.texts import cut, draw_table, escape, fit
from bots.catalogue import list_commands
from bots.dialog import Button, Fact, File, Link, Reply, Table, Tone
from bots.wording import Words
from tests.fake_discord.limits import check_message
from tests.fake_discord.stage import read_markup

CATALOGUE = list_commands()


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("**bold** _it_ ~~no~~", r"\*\*bold\*\* \_it\_ \~\~no\~\~"),
        ("@everyone <@42> <#1> <:a:2>", r"\@everyone \<\@42> \<#1> \<:a:2>"),
        ("```\ncode", "\\`\\`\\`\ncode"),
        ("[masked](http://x)", r"\[masked\](http://x)"),
        ("# big\n> quote\n- item", "\\# big\n\\> quote\n\\- item"),
        ("a # b - c", "a # b - c"),
        ("back\\slash", "back\\\\slash"),
        ("turn\u202eed", "turned"),
        ("שלום עולם", "שלום עולם"),
    ],
)
def test_markup_is_shown_and_not_followed(typed: str, sent: str) -> None:
    assert escape(typed) == sent


@given(st.text(alphabet="ab*_`@<[\\ \n#>-é漢🏳", max_size=300), st.integers(2, 120))
def test_what_is_cut_fits_and_is_the_beginning(text: str, limit: int) -> None:
    shown = fit(text, limit)
    assert len(shown) <= limit
    read = re.sub(r"\\([^0-9A-Za-z\s])", r"\1", shown)
    assert read == text or (read.endswith("…") and text.startswith(read[:-1]))


@pytest.mark.parametrize(("length", "ends"), [(4096, "x"), (4097, "…")])
async def test_a_long_text_fills_an_embed_to_its_last_character(length: int, ends: str) -> None:
    rendered = await render(Reply("", "x" * length), CATALOGUE, Words())
    text = rendered.embeds[0].description or ""
    assert len(text) == 4096 and text.endswith(ends)


async def test_nothing_is_too_much_for_a_message() -> None:
    facts = tuple(Fact("*n*" * 200, "@v" * 900) for _ in range(40))
    table = Table(("a", "b"), tuple(("`row`" * 9, "c" * 90) for _ in range(400)))
    buttons = tuple(Button("*" * n or " ", "help", data=f"help:{n}") for n in range(60))
    links = (Link("x" * 99, "https://x/" + "y" * 500), Link("", "javascript:alert(1)"))
    reply = Reply("#" * 999, "> " * 9999, facts, table, links=links, buttons=buttons)
    rendered = await render(reply, CATALOGUE, Words())
    assert rendered.view is not None
    message = {
        "embeds": [embed.to_dict() for embed in rendered.embeds],
        "components": rendered.view.to_components(),
        "allowed_mentions": {"parse": []},
    }
    check_message(message, len(rendered.files))
    ids = [part for row in message["components"] for part in row["components"]]  # type: ignore[attr-defined]
    assert sum(len(part.get("options", "x")) for part in ids) == 15 + 25 + 1


async def test_an_empty_reply_is_still_one() -> None:
    rendered = await render(
        Reply("", buttons=(Button("", "help", data="help"),)), CATALOGUE, Words()
    )
    assert rendered.view is not None
    embed = rendered.embeds[0].to_dict()
    components = rendered.view.to_components()
    check_message(
        {"embeds": [embed], "components": components, "allowed_mentions": {"parse": []}}, 0
    )


async def test_two_buttons_that_do_the_same_are_one() -> None:
    buttons = (Button("Help", "help", data="help"), Button("Help!", "help", data="help"))
    rendered = await render(Reply("x", buttons=buttons), CATALOGUE, Words())
    assert rendered.view is not None
    (row,) = rendered.view.to_components()
    assert [part["label"] for part in row["components"]] == ["Help"]


def test_a_narrow_table_stands_in_columns_and_a_wide_one_in_lines() -> None:
    narrow = draw_table(Table(("Name", "Price"), (("a```b", "1"), ("c", "2"))), 500)
    assert narrow == "```\nName   Price\na'''b  1\nc      2\n```"
    wide = draw_table(Table(("#", "Caption"), (("1", "*so* " * 20),)), 500)
    assert wide.startswith("**1**  \\*so\\*")
    assert read_markup(wide) == "1  " + ("*so* " * 20).strip()


def test_a_table_that_is_too_long_says_that_it_goes_on() -> None:
    rows = tuple((f"row {number}", "x") for number in range(500))
    drawn = draw_table(Table(("a", "b"), rows), 400)
    assert len(drawn) <= 400 and drawn.endswith("…\n```")
    assert draw_table(Table(("a", "b"), rows), 3) == ""


def test_labels_are_never_empty() -> None:
    assert cut(" \n\u202e ", 80) == "…"
    assert cut("x" * 81, 80) == "x" * 79 + "…"


async def test_a_file_that_is_too_large_is_told_of_in_words() -> None:
    file = File("lora.safetensors", "x/y", 38_200_000, never_read)
    rendered = await render(Reply("Here", files=(file,), tone=Tone.GOOD), CATALOGUE, Words("de"))
    assert not rendered.files and rendered.view is None
    text = read_markup(rendered.embeds[0].description or "")
    assert "lora.safetensors ist zu groß, um hier geschickt zu werden: 38,2 MB." in text
    assert "im Web oder über die API" in text


async def test_a_file_that_is_too_large_is_linked_where_it_can_be() -> None:
    async def make_link() -> str:
        return "https://yard.example/files/1"

    files = tuple(
        File(f"{size}.zip", "x/y", size, read, link=make_link)
        for size, read in ((99, read_much), (38_200_000, never_read))
    )
    rendered = await render(Reply("Here", files=files), CATALOGUE, Words(), file_bytes=1000)
    assert not rendered.files and rendered.view is not None
    (row,) = rendered.view.to_components()
    labels = [part["label"] for part in row["components"]]
    assert labels == ["Download: 99.zip", "Download: 38200000.zip"]
    assert {part["url"] for part in row["components"]} == {"https://yard.example/files/1"}


async def read_much() -> AsyncIterator[bytes]:
    for _ in range(3):
        yield bytes(500)


async def never_read() -> AsyncIterator[bytes]:
    raise AssertionError
    yield b""
