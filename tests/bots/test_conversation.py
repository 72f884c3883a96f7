"""One new command in one function, driven through the engine in every way there is."""

from dataclasses import replace

import pytest
from pydantic import JsonValue

from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from bots.dialog import Args, Choice, Command, Context, Kind, Limits, Param, Reply, Tone, command
from core.errors import RefusedError, UnavailableError
from core.studio import Studio
from tests.bots.people import Person, expect_question, expect_reply, find_button


async def list_colours(context: Context, args: Args, typed: str) -> list[Choice]:
    return [Choice("red", "Rosso"), Choice("blue", "Blu"), Choice("black", "Blu notte")]


async def confirm_paint(context: Context, args: Args) -> Reply:
    return Reply(f"Paint {args.text('wall')} {args.text('colour')}?")


@command(
    "wall paint",
    "Paint a wall",
    Param("wall", "Which wall?", limits=Limits(characters=20)),
    Param("colour", "Which colour?", Kind.CHOICE, list_colours),
    Param("coats", "How many coats?", Kind.NUMBER, limits=Limits(least=1, most=3)),
    Param("glossy", "Glossy?", Kind.TOGGLE),
    Param("note", "A note?", required=False),
    confirm=confirm_paint,
    yes="Paint",
)
async def paint(context: Context, args: Args) -> Reply:
    values = dict(args.values)
    if values["wall"] == "broken":
        raise RefusedError("This wall is broken.")
    if values["wall"] == "away":
        raise UnavailableError("This wall is away.")
    if values["wall"] == "cursed":
        raise KeyError("secret")
    return Reply("Painted", str(sorted(values.items())), tone=Tone.GOOD, links=())


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue((*list_commands().commands.values(), paint))


@pytest.fixture
def mira(studio: Studio, catalogue: Catalogue) -> Person:
    return Person(Conversation(studio, catalogue))


DONE = "[('coats', 2), ('colour', 'blue'), ('glossy', True), ('wall', 'north')]"


async def test_a_form_runs_at_once_and_asks_to_be_sure(mira: Person) -> None:
    shown = await mira.ask("wall paint", wall="north", colour="Blu", coats="2", glossy="yes")
    expect_reply(shown, "Paint north blue?")
    done = expect_reply(await mira.press(find_button(shown, "Paint")), "Painted")
    assert done.text == DONE


async def test_one_question_at_a_time_comes_to_the_same(mira: Person) -> None:
    expect_question(await mira.type("/wall paint"), "wall")
    expect_question(await mira.type("north"), "colour")
    expect_question(await mira.type("blu"), "coats")
    expect_question(await mira.type("2"), "glossy")
    expect_reply(await mira.type("YES"), "Paint north blue?")
    expect_reply(await mira.type("perhaps"), "Answer yes or no")
    assert expect_reply(await mira.type("yes"), "Painted").text == DONE
    expect_reply(await mira.type("yes"), "did not understand")


async def test_choices_are_buttons_that_carry_what_is_known(mira: Person) -> None:
    question = expect_question(await mira.ask("wall paint", wall="north"), "colour")
    assert [button.label for button in question.buttons] == ["Rosso", "Blu", "Blu notte", "Cancel"]
    await mira.type("cancel")
    asked = expect_question(await mira.press(find_button(question, "Blu")), "coats")
    assert asked.param is paint.find_param("coats")


async def test_a_half_answered_command_survives_another_process(
    mira: Person, studio: Studio, catalogue: Catalogue
) -> None:
    await mira.type("/wall paint north")
    later = replace(mira, conversation=Conversation(studio, catalogue))
    expect_question(await later.type("Rosso"), "coats")


async def test_two_places_hold_two_conversations(mira: Person) -> None:
    away = replace(mira, place="away")
    await mira.type("/wall paint north")
    expect_reply(await away.type("Rosso"), "did not understand")
    expect_question(await mira.type("Rosso"), "coats")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("wall", "x" * 4097, "4,097 characters"),
        ("wall", "\u200f\u202e", "empty"),
        ("colour", "green", "none of the choices"),
        ("colour", "bl", "could be several"),
        ("coats", "many", "not a number"),
        ("coats", "1.5", "whole number"),
        ("coats", "9", "most is 3"),
        ("coats", "nan", "not a number"),
        ("glossy", "maybe", "yes or no"),
    ],
)
async def test_a_bad_answer_is_asked_again_and_the_rest_is_kept(
    mira: Person, name: str, value: str, problem: str
) -> None:
    given = {"wall": "north", "colour": "red", "coats": "2", "glossy": "no"}
    expect_question(await mira.ask("wall paint", **{**given, name: value}), name, problem)
    expect_reply(await mira.type(given[name]), "Paint north red?")


@pytest.mark.parametrize("wall", ["🧱🏳️‍🌈", "קיר צפוני", "**b** `c` [x](y)", "{wall} {0} %s"])
async def test_any_text_comes_through_as_it_is(mira: Person, wall: str) -> None:
    shown = await mira.ask("wall paint", wall=wall, colour="red", coats=1, glossy=False)
    expect_reply(shown, f"Paint {wall} red?")
    done = await mira.press(find_button(shown, "Paint"))
    assert f"('wall', {wall!r})" in expect_reply(done, "Painted").text


async def test_the_same_yes_twice_carries_the_same_key(mira: Person) -> None:
    keys = []

    async def note_key(context: Context, args: Args) -> Reply:
        keys.append(context.key)
        return Reply("Noted")

    noted: Command = replace(paint, run=note_key)
    mira.conversation.catalogue.commands["wall paint"] = noted
    shown = await mira.ask("wall paint", wall="n", colour="red", coats=1, glossy=False)
    for _ in range(2):
        expect_reply(await mira.press(find_button(shown, "Paint")), "Noted")
    assert len(set(keys)) == 1 and len(keys) == 2


async def test_what_is_not_there_right_now_offers_the_same_again(mira: Person) -> None:
    shown = await mira.ask("wall paint", wall="away", colour="red", coats=1, glossy=False)
    pressed = find_button(shown, "Paint")
    reply = expect_reply(await mira.press(pressed), "Not right now")
    assert find_button(reply, "Try again").data == pressed.data
    assert reply.text == "This wall is away."


async def test_a_refusal_is_told_and_an_accident_has_a_number(mira: Person) -> None:
    given: dict[str, JsonValue] = {"colour": "red", "coats": 1, "glossy": False}
    shown = await mira.ask("wall paint", wall="broken", **given)
    refused = expect_reply(await mira.press(find_button(shown, "Paint")), "does not work")
    assert refused.text == "This wall is broken." and refused.tone is Tone.BAD
    shown = await mira.ask("wall paint", wall="cursed", **given)
    reply = expect_reply(await mira.press(find_button(shown, "Paint")), "Something went wrong")
    assert "secret" not in reply.text


async def test_completion_narrows_by_what_is_typed(mira: Person) -> None:
    incoming = mira.make_incoming()
    suggest = mira.conversation.suggest
    found = await suggest(incoming, "wall paint", "colour", "blu")
    assert [choice.value for choice in found] == ["blue", "black"]
    assert await suggest(incoming, "wall paint", "wall", "b") == []
    assert await suggest(incoming, "wall nothing", "wall", "b") == []


def test_a_path_cannot_be_a_command_and_a_group(catalogue: Catalogue) -> None:
    with pytest.raises(ValueError, match="group"):
        Catalogue((paint, replace(paint, path="wall")))
    with pytest.raises(ValueError, match="twice"):
        Catalogue((paint, paint))
