"""One person in the terminal and on Telegram: linked by a link that opens the chat."""

from adapters.console.chat import PLATFORM
from bots.conversation import Conversation
from bots.dialog import Reply
from core.studio import Studio
from tests.adapters.telegram.chats import USERNAME
from tests.adapters.telegram.people import Somebody, read
from tests.bots.people import Person, expect_reply


async def test_a_deep_link_makes_one_person_of_two(
    ada: Somebody, conversation: Conversation, studio: Studio
) -> None:
    await ada.ask("/dataset_create Cats")
    terminal = Person(conversation, name="ada", platform=PLATFORM)
    await terminal.ask("dataset create", name="Dogs")
    shown = expect_reply(await terminal.ask("link"), "Your code")
    (link,) = shown.links
    address, payload = link.url.split("?start=")
    assert address == f"https://t.me/{USERNAME}"
    assert len(payload) <= 64
    asked = await ada.ask(f"/start {payload}")
    assert "Go on only if that was you" in read(asked)
    assert "You are one person now" in read(await ada.push(asked, "Link them"))
    listed = read(await ada.ask("/dataset_list"))
    assert "Cats" in listed and "Dogs" in listed
    known = await terminal.ask("whoami")
    assert isinstance(known, Reply)
    assert "Telegram" in known.facts[3].value
    points = await terminal.ask("points")
    assert "200" in points.title
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_link_that_is_used_up_or_wrong_is_refused_in_words(ada: Somebody) -> None:
    asked = await ada.ask("/start link_AAAA-BBBB")
    assert "not valid" in read(await ada.push(asked, "Link them"))
    asked = await ada.ask(f"/start link_{'x' * 59}")
    assert "not valid" in read(await ada.push(asked, "Link them"))
    assert "Welcome" not in read(await ada.ask("/start something"))
    assert "Hello, Ada" in read(await ada.ask("/start something"))


async def test_on_telegram_no_link_to_telegram_is_offered(ada: Somebody) -> None:
    answer = read(await ada.ask("/link"))
    assert "Your code" in answer and "t.me" not in answer
