"""Buttons: 64 bytes whatever they bind, the same after a restart and a year, and nobody else's."""

import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.buttons import MAX_BYTES, decode, encode
from bots.catalogue import list_commands
from bots.conversation import Conversation
from bots.dialog import Button
from core.errors import InvalidError
from tests.bots.people import Person, expect_reply, find_button
from tests.bots.test_datasets import make_dataset
from tests.clock import HandClock
from tests.core.yard import MEMORY, Yard, open_yard

COMMANDS = list_commands().commands
YEAR_S = 366 * 86400.0


@given(dataset=st.text(max_size=30), text=st.text(max_size=30), ask=st.sampled_from(["", "find"]))
def test_a_short_button_reads_back_as_it_was_written(dataset: str, text: str, ask: str) -> None:
    args = {"dataset": dataset, "change": "prefix", "text": text}
    args = {name: value for name, value in args.items() if value}
    try:
        data = encode(COMMANDS["caption all"], Button("x", "caption all", args, ask=ask))
    except UnicodeEncodeError:
        return
    if data is None:
        return
    assert 1 <= len(data.encode()) <= MAX_BYTES and data.isascii()
    pressed = decode(COMMANDS, data)
    assert (dict(pressed.args), pressed.ask) == (args, ask)


def test_every_button_for_one_thing_fits_without_the_store() -> None:
    for path, command in COMMANDS.items():
        for param in command.params:
            if param.name in ("dataset", "training", "model", "identity"):
                button = Button("x", path, {param.name: "ds_" + "a" * 16})
                assert encode(command, button) is not None, path


@pytest.mark.parametrize(
    "data",
    ["", "@", "@sc_unknown", "nothing:x", "points:1:2:3", "::", "@" + "x" * 200, "\ud800", "a.b.c"],
)
async def test_what_is_no_button_of_ours_is_answered_politely(mira: Person, data: str) -> None:
    answer = await mira.type("/points")
    assert answer
    reply = expect_reply(await mira.press(data) if data else await mira.type(data))
    assert reply.title in ("That does not work", "Not found", "I did not understand that")


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        async with open_yard(Path(folder), HandClock()) as opened:
            yield opened


async def test_a_year_later_buttons_work_but_a_price_is_no_promise(yard: Yard) -> None:
    mira = Person(Conversation(yard.studio, list_commands(), welcome_points=100))
    added = await make_dataset(mira, "Cats " + "x" * 90, pictures=3)
    first = await mira.ask("caption set", dataset=added.buttons[0].args["dataset"], picture="1")
    long = await mira.ask(
        "train", dataset=added.buttons[0].args["dataset"], trigger="a very long trigger word"
    )
    priced = await mira.press(long.buttons[0])
    yes = find_button(priced, "Train")
    assert long.buttons[0].data.startswith("@") and first
    yard.clock.pass_s(YEAR_S)
    assert expect_reply(await mira.press(yes), "Not found").text == "This button is too old."
    await yard.studio.sweeper.sweep()
    later = replace(mira, conversation=Conversation(yard.studio, list_commands()))
    expect_reply(await later.press(find_button(added, "Look at it")), "Cats")
    expect_reply(await later.press(yes), "Not found")
    again = expect_reply(await later.press(long.buttons[0]), "Train on")
    expect_reply(await later.press(find_button(again, "Train")), "on its way")


async def test_a_draft_is_forgotten_after_some_hours(yard: Yard) -> None:
    mira = Person(Conversation(yard.studio, list_commands()))
    await mira.type("/dataset create")
    assert await yard.stores.drafts.count({}) == 1
    yard.clock.pass_s(6 * 3600 + 1)
    expect_reply(await mira.type("Cats"), "did not understand")
    await yard.studio.sweeper.sweep()
    assert await yard.stores.drafts.count({}) == 0


async def test_a_draft_that_is_too_long_is_refused(yard: Yard) -> None:
    mira = Person(Conversation(yard.studio, list_commands()))
    with pytest.raises(InvalidError, match="too much"):
        await yard.studio.conversations.keep_draft(mira.spot, "x", {"text": "x" * 70_000}, "y")


async def test_the_same_long_button_is_one_record(yard: Yard) -> None:
    keep = yard.studio.conversations.keep_shortcut
    one, two = [await keep("ac_a", "train", {"trigger": "x"}) for _ in range(2)]
    other = await keep("ac_b", "train", {"trigger": "x"})
    assert one == two and other.id != one.id
    sure = {(await keep("ac_a", "train", {"trigger": "x"}, sure=True)).id for _ in range(2)}
    assert len(sure) == 2
