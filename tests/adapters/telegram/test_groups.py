"""Groups and channels: who is spoken to, what is answered privately, and whose button it is."""

import pytest

from tests.adapters.telegram.chats import ME, USERNAME, Chat
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, list_buttons, make_group, read
from tests.worker.people import draw_flag


@pytest.fixture
def group(fake: FakeTelegram) -> Chat:
    return make_group(fake)


async def test_what_is_private_is_answered_privately_and_the_group_is_told(
    ada: Somebody, group: Chat
) -> None:
    await ada.ask("/start")
    after = len(ada.chat.messages)
    note = await ada.ask(f"/points@{USERNAME}", group)
    assert "I have answered you privately." in read(note)
    assert "You have 100 points" in read(await ada.hear(after))
    assert not any("100 points" in read(message) for message in group.messages)


async def test_a_question_from_a_group_goes_on_in_private(ada: Somebody, group: Chat) -> None:
    await ada.ask("/start")
    after = len(ada.chat.messages)
    await ada.ask("/dataset_create", group)
    assert "What shall it be called?" in read(await ada.hear(after))
    assert "“Cats” is ready" in read(await ada.ask("Cats"))


async def test_who_never_pressed_start_is_told_to(ada: Somebody, group: Chat) -> None:
    note = await ada.ask("/points", group)
    assert "press Start" in read(note)
    assert f"https://t.me/{USERNAME}" in read(note)


async def test_talk_among_others_is_left_alone(ada: Somebody, group: Chat) -> None:
    for text in ("hello", "/points@other_bot", "/ban Eve", "I like /points"):
        ada.say(text, group)
    ada.send_file("cat.png", b"x", chat=group)
    bot = {"id": 99, "is_bot": True, "first_name": "Other", "username": "other_bot"}
    ada.fake.push(message=ada.fake.add_message(group, bot, text="/points"))
    await ada.ask("/help", group)
    assert len([message for message in group.messages if message["from"] == ME]) == 1


async def test_naming_or_answering_the_bot_speaks_to_it(ada: Somebody, group: Chat) -> None:
    await ada.ask("/start")
    after = len(ada.chat.messages)
    note = await ada.ask(f"@{USERNAME} points", group)
    assert "You have 100 points" in read(await ada.hear(after))
    after = len(group.messages) + 1
    ada.say("what now?", group, reply_to_message=note)
    assert "I have answered you privately." in read(await ada.hear(after, group))


async def test_a_button_of_somebody_else_is_refused_to_the_one_who_pressed_it(
    ada: Somebody, fake: FakeTelegram, group: Chat
) -> None:
    await ada.ask("/dataset_create Cats")
    asked = await ada.ask("/dataset_delete Cats")
    shown = fake.add_message(group, ME, text="Delete?", reply_markup=asked["reply_markup"])
    eve = Somebody(fake, 1666, "Eve")
    await eve.ask("/start")
    eve.press(shown, "Delete")
    while not any("somebody else" in answer.get("text", "") for answer in fake.answered):
        eve.chat.changed.clear()
        await ada.ask("/points")
    assert list_buttons(shown), "the buttons stay for the one whose they are"
    assert "Cats" in read(await ada.ask("/dataset_list"))


async def test_pictures_in_a_group_are_taken_with_a_command(ada: Somebody, group: Chat) -> None:
    await ada.ask("/dataset_create Cats")
    after = len(ada.chat.messages)
    for number in range(3):
        caption = "" if number else "/dataset_add Cats"
        ada.send_file(f"{number}.png", draw_flag(number), caption, "album", group)
    assert "3 pictures added to “Cats”" in read(await ada.hear(after))


async def test_a_command_in_a_channel_or_from_a_hidden_admin_is_answered(
    ada: Somebody, fake: FakeTelegram, group: Chat
) -> None:
    channel = fake.chats[-7007] = Chat(-7007, "channel", "News", is_open=True)
    post = fake.add_message(channel, ada.me, text="/points")
    del post["from"]
    fake.push(channel_post=post)
    post = fake.add_message(channel, ada.me, text="Good morning")
    del post["from"]
    fake.push(channel_post=post)
    hidden = {
        "id": 1087968824,
        "is_bot": True,
        "first_name": "Group",
        "username": "GroupAnonymousBot",
    }
    message = fake.add_message(group, hidden, text="/points", sender_chat=group.describe())
    fake.push(message=message)
    assert "I cannot see who asks here." in read(await ada.hear(1, group))
    await ada.hear(2, channel)  # each chat is answered on its own, in no order
    answers = [read(m) for m in channel.messages if m.get("from") == ME]
    assert len(answers) == 1 and "I cannot see who asks here." in answers[0]
