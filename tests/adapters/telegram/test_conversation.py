"""What is said on Telegram, and what comes back: texts, buttons, pictures, edits and mistakes."""

from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, list_buttons, read


async def test_a_newcomer_is_greeted_and_has_the_next_steps_as_buttons(ada: Somebody) -> None:
    answer = await ada.ask("/start")
    assert "Welcome to Trainyard, Ada!" in answer["text"]
    assert "New dataset" in [button["text"] for button in list_buttons(answer)]
    question = await ada.push(answer, "New dataset")
    assert "What shall it be called?" in read(question)
    assert "“Cats” is ready" in read(await ada.ask("Cats"))


async def test_the_menu_is_set_in_every_language_and_only_once(
    ada: Somebody, fake: FakeTelegram
) -> None:
    await ada.ask("/help")
    assert fake.count("setMyCommands") == 2
    names = {command["command"]: command["description"] for command in fake.commands["de"]}
    assert names["dataset_create"] == "Einen Datensatz anlegen"
