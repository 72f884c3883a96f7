"""Talking on Discord: whatever somebody does, they are answered in words, and nothing is done twice or lost."""

import asyncio
from typing import Any

import pytest

from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from bots.dialog import Args, Choice, Context, Kind, Limits, Param, Reply, command
from core.errors import RefusedError
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.discord.conftest import Open
from tests.bots.people import Person as Somebody
from tests.fake_discord.person import Control, Json, Person
from tests.fake_discord.server import Discord
from tests.fake_discord.stage import flatten
from tests.worker.people import draw_flag

FLAGS = [(f"flag {n}.png", draw_flag(n)) for n in range(4)]
TRAIN: dict[str, Any] = {"offering": "tiny-lora", "trigger": "flagon", "settings": "steps=10"}


@pytest.fixture
def eve(discord: Discord, served: None) -> Person:
    """Somebody else."""
    return Person(discord, 66, in_server=True)


async def test_a_newcomer_is_welcomed_in_the_language_of_their_app(
    discord: Discord, served: None
) -> None:
    otto = Person(discord, 5, locale="de")
    answer = flatten(await otto.command("points"))
    assert "Willkommen bei Trainyard, user5! Du hast 500 Punkte" in answer
    form = flatten(await otto.command("dataset create"))
    assert "Wie soll er heißen?" in form and "Zum Beispiel: " in form


async def test_what_is_missing_is_asked_with_buttons_a_menu_and_a_form(mira: Person) -> None:
    for number in range(7):
        await mira.command("dataset create", name=f"Set {number}")
    question = await mira.command("dataset show")
    menu = question["components"][0]["components"][0]
    assert menu["type"] == 3 and len(menu["options"]) == 7
    assert "Set 3" in flatten(await mira.press("Set 3"))


async def test_more_choices_than_are_shown_can_be_typed_into_a_form(mira: Person) -> None:
    for number in range(14):
        await mira.command("dataset create", name=f"Set {number}")
    question = await mira.command("dataset show")
    assert "4 more: type the name." in flatten(question)
    form = await mira.press("Answer", question)
    assert "Which dataset?" in flatten(form)
    assert "Set 1" in flatten(await mira.submit("Set 1", form=form["form"]))
    again = await mira.press("Answer", question)
    wrong = await mira.submit("Nothing", form=again["form"])
    assert "“Nothing” is none of the choices." in flatten(wrong)


async def test_a_conversation_goes_on_after_a_restart(discord: Discord, open_door: Open) -> None:
    mira = Person(discord)
    async with open_door():
        await mira.command("dataset create", name="Flags")
        await mira.command("dataset add", *FLAGS, dataset="Flags")
        question = await mira.command("train", dataset="Flags")
        form = await mira.press("Tiny LoRA", question)
    async with open_door():
        answer = await mira.submit("flagon", form=form["form"])
        assert "Your balance: 500 points" in flatten(answer)
    async with open_door():
        assert "Your training is on its way" in flatten(await mira.press("Train", answer))
    assert discord.synced == 1


async def test_a_yes_that_is_pressed_twice_at_once_buys_once(mira: Person, studio: Studio) -> None:
    await mira.command("dataset create", name="Flags")
    await mira.command("dataset add", *FLAGS, dataset="Flags")
    sure = await mira.command("train", dataset="Flags", **TRAIN)
    answers = await asyncio.gather(*(mira.press("Train", sure) for _ in range(3)))
    assert all("Your training is on its way" in flatten(answer) for answer in answers)
    jobs = flatten(await mira.command("jobs"))
    assert jobs.count("[Flags: flagon]") == 1
    assert (await studio.reconciler.reconcile()).is_sound


async def test_what_belongs_to_somebody_else_is_not_theirs_to_press(
    mira: Person, eve: Person
) -> None:
    made = await mira.command("dataset create", name="Flags")
    await mira.command("dataset add", *FLAGS, dataset="Flags")
    sure = await mira.command("train", dataset="Flags", **TRAIN)
    answer = await eve.press("Train", sure)
    assert "This button belongs to somebody else." in flatten(answer)
    assert answer["flags"] == 64
    await eve.press("Add pictures", made)
    refused = await eve.command("dataset show", dataset="Flags")
    assert "You have no dataset yet." in flatten(refused)


@pytest.mark.parametrize(
    "custom_id", ["ty:", "ty:no.such:1", "old-button", "ty:" + "x" * 97, "ty-menu:"]
)
async def test_a_button_that_nobody_knows_is_answered(custom_id: str, mira: Person) -> None:
    message = await mira.command("help")
    answer = await mira.press_control(Control("", custom_id), message)
    assert "This button is not one of mine." in flatten(answer)


async def test_a_command_that_is_gone_is_answered(discord: Discord, open_door: Open) -> None:
    mira = Person(discord)
    less = [c for c in list_commands().commands.values() if c.path != "points"]
    async with open_door(Catalogue(less)):
        discord.commands[0].append({"name": "points", "type": 1})
        answer = await mira.command("points")
        assert "There is no such command." in flatten(answer)


async def test_an_answer_to_an_expired_interaction_comes_directly(
    discord: Discord, served: None
) -> None:
    mira = Person(discord, in_server=True)
    mira.comes_late = True
    await mira.command("points", wait=False)
    async with asyncio.timeout(30):
        while not mira.seen:
            await mira.changed.wait()
    assert "You have 500 points" in flatten(mira.seen[0])
    assert mira.seen[0]["channel_id"] == str(discord.find_channel(mira.number))


async def test_an_edit_is_answered_once_and_a_preview_of_a_link_never(mira: Person) -> None:
    message = mira.make_message("/points now")
    await mira.send(message)
    await mira.discord.dispatch("MESSAGE_UPDATE", message)  # a preview: nothing was edited
    edited = {**message, "content": "/points", "edited_timestamp": "2026-03-01T12:05:00+00:00"}
    answer = await mira.send(edited, "MESSAGE_UPDATE")
    assert "An edited message is not read again" in flatten(answer)
    mira.seen.clear()
    await mira.discord.dispatch("MESSAGE_UPDATE", edited)
    await mira.command("points")
    assert len(mira.seen) == 1


async def test_a_bot_is_told_once_and_never_talked_with(mira: Person) -> None:
    message = mira.make_message("/points")
    message["author"] = {**mira.user, "bot": True}
    assert flatten(await mira.send(message)) == "I talk with people only"
    mira.seen.clear()
    await mira.discord.dispatch("MESSAGE_CREATE", {**message, "id": "99"})
    await mira.command("points")
    assert len(mira.seen) == 1


@pytest.mark.parametrize(
    "typed",
    [
        "@everyone **Cats**",
        "שלום‎ עולם",
        "🐱" * 50,
        "/help",
        "``` x",
        "a\u202eb",
        "' OR 1=1; --",
    ],
)
async def test_any_name_is_shown_as_it_was_typed(typed: str, mira: Person) -> None:
    answer = await mira.command("dataset create", name=typed)
    assert f"“{typed}” is ready".replace("\u202e", "") in flatten(answer)
    assert typed.replace("\u202e", "").replace("```", "'''") in flatten(
        await mira.command("dataset list")
    ).replace("```", "'''")


@pytest.mark.parametrize("length", [101, 4096, 4097, 6000])
async def test_a_text_that_is_too_long_is_asked_again(length: int, mira: Person) -> None:
    form = await mira.command("dataset create", name="x" * length)
    assert f"That has {length:,} characters, and at most 100 are taken." in flatten(form)
    assert "“Cats” is ready" in flatten(await mira.submit("Cats", form=form["form"]))


@pytest.mark.parametrize("length", [4096, 4097])
async def test_a_long_message_is_answered(length: int, mira: Person) -> None:
    assert "I did not understand that" in flatten(await mira.write("ж" * length))


async def test_a_message_without_anything_readable_is_answered(mira: Person) -> None:
    assert "I did not understand that" in flatten(await mira.write(""))


async def test_a_new_command_is_there_with_completion_buttons_errors_and_both_languages(
    discord: Discord, open_door: Open
) -> None:
    async def list_birds(context: Context, args: Args, typed: str) -> list[Choice]:
        return [Choice(f"b{n}", f"Bird {n}", "of all birds") for n in range(30)]

    async def check(context: Context, args: Args, value: object) -> None:
        if value == 13:
            raise RefusedError("Thirteen is too much.")

    @command(
        "bird feed",
        "Make a dataset",  # a text that has a translation
        Param("bird", "Which dataset?", Kind.CHOICE, list_birds),
        Param("grams", "How much?", Kind.NUMBER, limits=Limits(least=1, most=20)),
        Param("gently", "Gently?", Kind.TOGGLE),
    )
    async def feed(context: Context, args: Args) -> Reply:
        await check(context, args, args.values["grams"])
        return Reply(f"{args.text('bird')} had {args.text('grams')}, {args.values['gently']}")

    async with open_door(Catalogue([*list_commands().commands.values(), feed])):
        mira = Person(discord)
        found = mira.find_command("bird feed")
        assert found["description_localizations"] == {"de": "Einen Datensatz anlegen"}
        kinds = {o["name"]: (o["type"], o["required"]) for o in found["options"]}
        assert kinds == {"bird": (3, False), "grams": (4, False), "gently": (5, False)}
        assert found["options"][1]["min_value"] == 1 and found["options"][1]["max_value"] == 20
        offered = await mira.complete("bird feed", "bird", "Bird 2")
        assert [choice["value"] for choice in offered][:2] == ["b2", "b20"]
        assert len(await mira.complete("bird feed", "bird", "")) == 25
        question = await mira.command("bird feed", gently=True)
        form = await mira.press("Bird 3", question)
        assert "The most is 20." in flatten(await mira.submit("21", form=form["form"]))
        refused = await mira.submit("13", form=form["form"])
        assert "Thirteen is too much." in flatten(refused)
        form = await mira.press("Bird 3", question)
        assert "b3 had 4, True" in flatten(await mira.submit("4", form=form["form"]))
        yes_or_no = await mira.command("bird feed", bird="Bird 5", grams=5)
        assert "b5 had 5, False" in flatten(await mira.press("No", yes_or_no))
        await mira.command("bird feed")
        assert "Never mind" in flatten(await mira.press("Cancel"))


async def test_a_slow_answer_is_announced_and_shows_how_far_it_is(
    discord: Discord, open_door: Open
) -> None:
    going_on, done = asyncio.Event(), asyncio.Event()

    @command("wait", "Wait")
    async def wait(context: Context, args: Args) -> Reply:
        await context.tell("too early to be seen")
        await going_on.wait()
        while not done.is_set():
            await context.tell("*3* of 5")
            await asyncio.sleep(0.02)
        return Reply("Here I am")

    async with open_door(Catalogue([*list_commands().commands.values(), wait])):
        mira = Person(discord, in_server=True)
        answering = asyncio.ensure_future(mira.command("wait"))
        async with asyncio.timeout(3):
            await mira.acting.wait()
            assert mira.last_exchange is not None
            await mira.last_exchange.acknowledged.wait()
        assert mira.last_exchange.is_hidden
        going_on.set()
        async with asyncio.timeout(30):
            await mira.last_exchange.progressed.wait()
        done.set()
        answer = await answering
        assert "Here I am" in flatten(answer)
        assert answer["content"] == ""
        assert mira.last_exchange.progress == [r"\*3\* of 5"]


async def test_an_answer_goes_on_with_its_training(mira: Person, studio: Studio) -> None:
    on_its_way = await start_training(mira)
    await cancel_training(mira, studio)
    async with asyncio.timeout(30):
        while "edits" not in on_its_way:
            mira.changed.clear()
            await mira.changed.wait()
    assert on_its_way["edits"] == 1
    assert "cancelled" in flatten(on_its_way) and "[Try again]" in flatten(on_its_way)


async def test_an_answer_is_left_alone_once_one_of_its_buttons_was_pressed(
    mira: Person, studio: Studio
) -> None:
    on_its_way = await start_training(mira)
    await mira.press("All trainings", on_its_way)
    await cancel_training(mira, studio)
    await mira.command("jobs")
    assert "edits" not in on_its_way


async def start_training(person: Person) -> Json:
    """Buy a training that nobody works on, and return the message that says so."""
    await person.command("dataset create", name="Flags")
    await person.command("dataset add", *FLAGS, dataset="Flags")
    await person.command("train", dataset="Flags", **TRAIN)
    return await person.press("Train")


async def cancel_training(person: Person, studio: Studio) -> None:
    account, _ = await studio.accounts.first_contact("discord", str(person.number), "")
    principal = studio.accounts.speak_for(account)
    (job,) = (await studio.jobs.list_own(principal, PageRequest())).items
    await studio.jobs.cancel(principal, job.id)


async def test_a_person_of_another_platform_becomes_one_with_this_one(
    mira: Person, studio: Studio
) -> None:
    await mira.command("dataset create", name="From Discord")
    elsewhere = Somebody(Conversation(studio, list_commands(), welcome_points=500))
    await elsewhere.type("/dataset create From elsewhere")
    shown = flatten(await mira.command("link"))
    code = shown.split("/link ", 1)[1].split()[0]
    assert "one person now" in (await elsewhere.type(f"/link {code}")).title
    listed = flatten(await mira.command("dataset list"))
    assert "[From Discord]" in listed and "[From elsewhere]" in listed
    assert "You have 1,000 points" in flatten(await mira.command("points"))
