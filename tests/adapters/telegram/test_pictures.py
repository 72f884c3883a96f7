"""Pictures on Telegram: as files and photos, in albums, with captions, and those that are refused."""

import asyncio

from adapters.telegram.albums import Albums
from adapters.telegram.door import TelegramDoor
from bots.dialog import Answer, Reply
from core.accounts.records import Principal
from core.datasets.records import Item, Source
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.telegram.chats import ME
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, list_buttons, read
from tests.worker.people import draw_flag

FLAGS = [(f"flag {index}.png", draw_flag(index)) for index in range(10)]


async def list_items(studio: Studio) -> list[Item]:
    """List the pictures of Ada's only dataset."""
    account, _ = await studio.accounts.first_contact("telegram", "1001", "Ada")
    principal = Principal(account=account.id, role=account.role)
    page = await studio.datasets.list_own(principal, PageRequest())
    return list(await studio.datasets.list_active(page.items[0].id))


async def begin(ada: Somebody) -> int:
    """Make a dataset and be asked for its pictures; return how many messages there are then."""
    await ada.push(await ada.ask("/dataset_create Flags"), "Add pictures")
    return len(ada.chat.messages)


async def test_an_album_of_ten_is_ten_pictures_and_one_answer(
    ada: Somebody, studio: Studio
) -> None:
    after = await begin(ada)
    pictures = [*FLAGS[:8], FLAGS[0], ("notes.txt", b"no picture at all")]
    ada.send_album(pictures, "a striped flag")
    answer = read(await ada.hear(after + 10))
    assert "8 pictures added to “Flags”" in answer
    assert "1 picture is there already." in answer
    assert "1 was refused:" in answer and "notes.txt" in answer
    await ada.ask("/points")
    answers = [m for m in ada.chat.messages[after:] if m["from"] == ME]
    assert len(answers) == 2, "the album has one answer"
    items = await list_items(studio)
    assert {item.captions["default"] for item in items} == {"a striped flag"}
    assert {item.source for item in items} == {Source.TELEGRAM}


async def test_an_album_is_whole_when_nothing_has_come_for_a_while() -> None:
    told: list[int] = []

    async def tell(asked: str, answers: list[Answer]) -> None:
        told.append(len(answers))

    albums: Albums[str] = Albums(tell, quiet_s=0.4)
    for number in range(4):
        assert albums.begin("album", "ada", "" if number else "a flag") == "a flag"
        await asyncio.sleep(0.5 if number == 2 else 0.15)  # a picture that is fetched slowly
        albums.end("album", Reply("added"))
        await asyncio.sleep(0.15)
    assert told == [] and albums.knows("album")
    await asyncio.sleep(0.5)
    assert told == [4] and not albums.knows("album")


async def test_an_album_before_its_dataset_is_chosen_is_taken_as_a_whole(
    ada: Somebody, studio: Studio
) -> None:
    await ada.ask("/dataset_create Dogs")
    await ada.ask("/dataset_create Flags")
    after = len(ada.chat.messages)
    ada.send_album(FLAGS[:4], "a flag")
    asked = await ada.hear(after + 4)
    assert "Which dataset?" in read(asked)
    assert "4 pictures added to “Flags”" in read(await ada.push(asked, "Flags"))
    assert [item.captions["default"] for item in await list_items(studio)] == ["a flag"] * 4


async def test_photos_are_taken_in_their_largest_size_with_a_hint_once(ada: Somebody) -> None:
    after = await begin(ada) + 1
    ada.send_photo(FLAGS[0][1])
    first = read(await ada.hear(after))
    assert "1 picture added to “Flags”" in first and "keep their quality" in first
    after = len(ada.chat.messages) + 1
    ada.send_photo(FLAGS[1][1])
    second = read(await ada.hear(after))
    assert "1 picture added" in second and "keep their quality" not in second


async def test_a_file_of_25_mb_is_refused_in_words(ada: Somebody, fake: FakeTelegram) -> None:
    after = await begin(ada) + 1
    ada.send_file("large.png", bytes(25 * 1024 * 1024))
    assert "at most 20 MB" in read(await ada.hear(after))
    assert fake.count("getFile") == 0, "its size is known before"


async def test_a_file_that_is_larger_than_anybody_said_is_refused(
    ada: Somebody, fake: FakeTelegram
) -> None:
    after = await begin(ada) + 1
    document = {**fake.keep(bytes(25 * 1024 * 1024), "large.png"), "file_size": 10}
    fake.push(message=fake.add_message(ada.chat, ada.me, document=document))
    assert "at most 20 MB" in read(await ada.hear(after)), "getFile refuses it"
    after = len(ada.chat.messages) + 1
    message = ada.send_file(*FLAGS[0])
    fake.swapped[message["document"]["file_id"]] = bytes(25 * 1024 * 1024)
    assert "at most 20 MB" in read(await ada.hear(after)), "it is cut off"


async def test_a_file_that_telegram_has_no_more_is_refused_in_words(
    ada: Somebody, fake: FakeTelegram
) -> None:
    after = await begin(ada) + 1
    message = ada.send_file(*FLAGS[0])
    del fake.files[message["document"]["file_id"]]
    assert "no longer has this file" in read(await ada.hear(after))


async def test_a_command_in_a_caption_is_taken_with_its_picture(
    ada: Somebody, studio: Studio
) -> None:
    await ada.ask("/dataset_create Flags")
    await ada.ask("/dataset_create Dogs")
    after = len(ada.chat.messages) + 1
    ada.send_file(*FLAGS[0], caption="/dataset_add Dogs sitting on a chair")
    assert "1 picture added to “Dogs”" in read(await ada.hear(after))
    assert [i.captions["default"] for i in await list_items(studio)] == ["sitting on a chair"]


async def test_a_command_that_takes_no_picture_says_so(ada: Somebody) -> None:
    await ada.ask("/start")
    after = len(ada.chat.messages) + 1
    ada.send_file(*FLAGS[0], caption="/points")
    answer = read(await ada.hear(after))
    assert "You have 100 points" in answer and "The picture was left out" in answer


async def test_an_album_that_comes_in_while_the_bot_ends_is_answered(
    fake: FakeTelegram, door: TelegramDoor
) -> None:
    ada = Somebody(fake)
    async with opened(door):
        after = await begin(ada)
        ada.send_album(FLAGS[:3])
        await fake.wait_for("getFile", 3)
    (answer,) = ada.chat.messages[after + 3 :]
    assert "3 pictures added to “Flags”" in read(answer)


async def test_a_sheet_of_pictures_and_a_table_come_in_one_message(ada: Somebody) -> None:
    after = await begin(ada) + 1
    ada.send_file(*FLAGS[0], caption="a flag")
    answer = await ada.hear(after)
    shown = await ada.push(answer, "Look at it")
    assert shown["shown"] == "dataset.png"
    assert "a flag" in shown["caption"]
    assert "Train" in [button["text"] for button in list_buttons(shown)]
