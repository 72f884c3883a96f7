"""What is said on Telegram, and what comes back: texts, buttons, edits, mistakes and restarts."""

import asyncio

import pytest

from adapters.telegram.client import Access
from adapters.telegram.door import TelegramDoor
from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from core.studio import Studio
from tests.adapters.telegram.chats import ME, TOKEN
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, list_buttons, read
from tests.bots.test_conversation import paint


async def test_a_newcomer_is_greeted_and_has_the_next_steps_as_buttons(ada: Somebody) -> None:
    answer = await ada.ask("/start")
    assert "Welcome to Trainyard, Ada!" in answer["text"]
    assert "New dataset" in [button["text"] for button in list_buttons(answer)]
    question = await ada.push(answer, "New dataset")
    assert "What shall it be called?" in read(question)
    assert "“Cats” is ready" in read(await ada.ask("Cats"))


async def test_the_menu_is_set_in_every_language_and_only_when_it_has_changed(
    ada: Somebody, fake: FakeTelegram, studio: Studio
) -> None:
    await ada.ask("/help")
    assert fake.count("setMyCommands") == 2
    names = {command["command"]: command["description"] for command in fake.commands["de"]}
    assert names["dataset_create"] == "Einen Datensatz anlegen"
    async with opened(TelegramDoor(Access(TOKEN, fake.url), Conversation(studio, list_commands()))):
        await ada.ask("/help")
    assert fake.count("setMyCommands") == 2


async def test_help_lists_commands_that_a_touch_sends(ada: Somebody) -> None:
    assert "/dataset_create  Make a dataset" in read(await ada.ask("/help"))


async def test_somebody_with_a_german_telegram_is_answered_in_german(
    ada: Somebody, fake: FakeTelegram
) -> None:
    mia = Somebody(fake, 1002, "Mia", "de")
    assert "Willkommen bei Trainyard, Mia!" in read(await mia.ask("/start"))


async def test_a_new_command_has_a_keyboard_help_buttons_and_errors(
    fake: FakeTelegram, studio: Studio
) -> None:
    catalogue = Catalogue((*list_commands().commands.values(), paint))
    ada = Somebody(fake)
    async with opened(TelegramDoor(Access(TOKEN, fake.url), Conversation(studio, catalogue))):
        assert "/wall_paint" in read(await ada.ask("/help"))
        assert {"command": "wall_paint", "description": "Paint a wall"} in fake.commands[""]
        assert "Which wall?" in read(await ada.ask("/wall_paint"))
        assert "at most 20" in read(await ada.ask("x" * 21))
        asked = await ada.ask("north")
        labels = [button["text"] for button in list_buttons(asked)]
        assert labels == ["Rosso", "Blu", "Blu notte", "Cancel"]
        coats = await ada.push(asked, "Blu")
        assert "How many coats?" in read(coats)
        assert "The most is 3." in read(await ada.ask("9"))
        asked = await ada.push(await ada.ask("2"), "Yes")
        assert "Paint north blue?" in read(asked)
        assert "Painted" in read(await ada.push(asked, "Paint"))
        assert "This wall is broken." in read(await _paint(ada, "broken"))
        away = await _paint(ada, "away")
        assert "Try again" in [button["text"] for button in list_buttons(away)]
        cursed = read(await _paint(ada, "cursed"))
        assert "Something went wrong" in cursed and "secret" not in cursed


async def _paint(person: Somebody, wall: str) -> dict[str, object]:
    asked = await person.ask(f"/wall_paint {wall} Blu 2 yes")
    return await person.push(asked, "Paint")


async def test_an_answered_question_has_no_buttons_any_more(ada: Somebody) -> None:
    asked = await ada.ask("/dataset_create")
    await ada.push(asked, "Cancel")
    async with asyncio.timeout(30):
        while list_buttons(asked):
            ada.chat.changed.clear()
            await ada.chat.changed.wait()
    again = await ada.push({**asked, "reply_markup": _cancel()}, "Cancel")
    assert "Never mind" in read(again)


def _cancel() -> dict[str, object]:
    return {"inline_keyboard": [[{"text": "Cancel", "callback_data": "cancel"}]]}


@pytest.mark.parametrize("data", ["nonsense:1", "@sc_aaaaaaaaaaaaaaaa", "dataset.show:ds_x:y:z:z"])
async def test_a_button_that_is_none_of_ours_is_answered_in_words(ada: Somebody, data: str) -> None:
    message = await ada.ask("/start")
    message = {
        **message,
        "reply_markup": {"inline_keyboard": [[{"text": "X", "callback_data": data}]]},
    }
    assert read(await ada.push(message, "X")).startswith("❌")


async def test_a_press_that_is_too_old_to_be_acknowledged_is_answered_all_the_same(
    ada: Somebody,
) -> None:
    message = await ada.ask("/start")
    after = len(ada.chat.messages)
    ada.press(message, "New dataset", query="old1")
    assert "What shall it be called?" in read(await ada.hear(after))


async def test_a_conversation_goes_on_after_a_restart(fake: FakeTelegram, studio: Studio) -> None:
    ada = Somebody(fake)
    async with opened(_make_door(fake, studio)):
        await ada.ask("/dataset_create")
    ada.say("Striped cats")  # while nobody listens
    async with opened(_make_door(fake, studio)):
        done = await ada.hear(2)
    assert "“Striped cats” is ready" in read(done)


async def test_what_a_killed_process_had_not_finished_is_answered_by_the_next(
    fake: FakeTelegram, studio: Studio
) -> None:
    ada = Somebody(fake)
    message = ada.say("/dataset_create Cats")
    (update,) = fake.updates
    await studio.receipts.keep("telegram", str(update["update_id"]), update)
    fake.updates.clear()  # it was confirmed, and the process died
    async with opened(_make_door(fake, studio)):
        assert "“Cats” is ready" in read(await ada.hear(message["message_id"]))
    async with opened(_make_door(fake, studio)):
        await ada.ask("/points")
    assert sum("“Cats” is ready" in read(m) for m in ada.chat.messages if m["from"] == ME) == 1


async def test_an_update_that_comes_again_after_a_restart_is_not_answered_again(
    fake: FakeTelegram, studio: Studio
) -> None:
    ada = Somebody(fake)
    async with opened(_make_door(fake, studio)):
        await ada.ask("/dataset_create Cats")
    fake.updates = [{"update_id": 700_000_001, "message": ada.chat.messages[0]}]
    async with opened(_make_door(fake, studio)):
        listed = await ada.ask("/dataset_list")
    assert sum(button["text"] == "Cats" for button in list_buttons(listed)) == 1
    assert len(ada.chat.messages) == 4


def _make_door(fake: FakeTelegram, studio: Studio) -> TelegramDoor:
    return TelegramDoor(Access(TOKEN, fake.url), Conversation(studio, list_commands()))


@pytest.mark.parametrize("name", ["a" * 4096, "b" * 4097])
async def test_a_text_of_any_length_is_answered_in_words(ada: Somebody, name: str) -> None:
    await ada.ask("/dataset_create")
    assert "Make it shorter." in read(await ada.ask(name))


@pytest.mark.parametrize(
    "name",
    [
        "<b>bold</b> & <script>",
        "*bold* _it_ `code` [x](http://evil.example)",
        "@everyone </pre></b>",
        "قطط مخططة",
        "👩‍👩‍👧‍👦 🐈‍⬛",
    ],
)
async def test_a_name_is_shown_as_it_was_typed(ada: Somebody, name: str) -> None:
    await ada.ask("/dataset_create")
    answer = await ada.ask(name)
    assert f"“{name}” is ready" in read(answer)
    listed = await ada.ask("/dataset_list")
    assert name[:20] in read(listed)


async def test_a_thing_that_is_no_text_is_answered(ada: Somebody) -> None:
    ada.fake.push(message=ada.fake.add_message(ada.chat, ada.me, dice={"emoji": "🎲", "value": 3}))
    assert "I did not understand that" in read(await ada.ask("/nonsense"))


async def test_an_edited_message_changes_nothing_and_is_answered(ada: Somebody) -> None:
    await ada.ask("/dataset_create Cats")
    after = len(ada.chat.messages)
    ada.edit(ada.chat.messages[0], "/dataset_create Dogs")
    assert "What is edited stays as it was" in read(await ada.hear(after))
    assert "Dogs" not in read(await ada.ask("/dataset_list"))


async def test_people_do_not_wait_for_one_another(fake: FakeTelegram, ada: Somebody) -> None:
    await ada.ask("/start")
    fake.fail("sendMessage", 429, "Too Many Requests: retry after 3", retry_after=3)
    ada.say("/points")
    await asyncio.sleep(0.2)  # so that it is Ada's answer that has to wait
    bob = Somebody(fake, 1002, "Bob")
    async with asyncio.timeout(2):
        assert "Welcome" in read(await bob.ask("/start"))
    assert "You have 100 points" in read(await ada.hear(3))
