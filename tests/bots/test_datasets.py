"""Datasets by conversation: made, filled, looked at, captioned, checked, emptied and deleted."""

import asyncio
import io

import pytest
from PIL import Image

from bots.dialog import Answer, File, Reply, Tone
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import (
    Person,
    expect_question,
    expect_reply,
    find_button,
    make_picture,
)


async def make_dataset(person: Person, name: str = "Cats", pictures: int = 0) -> Answer:
    """Make a dataset with a few pictures."""
    made = await person.ask("dataset create", name=name)
    if pictures:
        await person.press(find_button(made, "Add pictures"))
        return await person.send(*(f"flag {index}" for index in range(pictures)))
    return made


async def read(file: File) -> bytes:
    return b"".join([chunk async for chunk in file.open()])


async def test_from_nothing_to_a_dataset_with_pictures(mira: Person) -> None:
    empty = expect_reply(await mira.type("/dataset list"), "You have no dataset yet")
    expect_question(await mira.press(find_button(empty, "New dataset")), "name")
    made = expect_reply(await mira.type("Cats"), "“Cats” is ready")
    expect_question(await mira.press(find_button(made, "Add pictures")), "images")
    added = expect_reply(await mira.send("flag 0", "flag 1"), "2 pictures added to “Cats”")
    assert mira.heard == ["1 of 2", "2 of 2"]
    assert find_button(added, "Train")
    more = expect_reply(await mira.send("flag 1", "flag 2"), "1 picture added")
    assert "1 picture is there already" in more.text
    assert more.facts[0].value == "3"
    expect_reply(await mira.type("done"), "Done")
    expect_question(await mira.send("flag 3"), "dataset")


async def test_a_dataset_shows_its_pictures_on_a_sheet(mira: Person) -> None:
    await make_dataset(mira, pictures=3)
    shown = expect_reply(await mira.type("/dataset show cats"), "Cats")
    sheet = Image.open(io.BytesIO(await read(shown.images[0])))
    assert sheet.width > 2 * 160 and sheet.getpixel((20, 20)) != sheet.getpixel((0, 0))
    assert shown.table is not None and [row[0] for row in shown.table.rows] == ["1", "2", "3"]


async def test_pictures_that_come_first_wait_for_their_dataset(mira: Person) -> None:
    await make_dataset(mira, "Cats")
    await make_dataset(mira, "Dogs")
    expect_question(await mira.send("flag 0"), "dataset")
    question = expect_question(await mira.send("flag 1"), "dataset")
    reply = await mira.press(find_button(question, "Dogs"))
    expect_reply(reply, "2 pictures added to “Dogs”")


async def test_an_album_that_arrives_as_many_messages_is_one_act(mira: Person) -> None:
    await make_dataset(mira, "Cats")
    await asyncio.gather(*(mira.send(f"flag {index}") for index in range(5)))
    question = expect_question(await mira.send("flag 5"), "dataset")
    reply = await mira.press(find_button(question, "Cats"))
    expect_reply(reply, "6 pictures added to “Cats”")
    await asyncio.gather(*(mira.send(f"flag {index}") for index in range(3)))
    assert expect_reply(await mira.send("flag 0"), "0 pictures added").facts[0].value == "6"


async def test_what_is_no_picture_is_refused_beside_those_that_are(mira: Person) -> None:
    await make_dataset(mira)
    broken = make_picture("notes", b"just some text")
    reply = await mira.ask("dataset add", broken, make_picture("flag 1"), dataset="Cats")
    expect_reply(reply, "1 picture added")
    assert "notes.png: This is not a picture" in expect_reply(reply).text
    refused = expect_reply(await mira.ask("dataset add", broken, dataset="Cats"), "0 pictures")
    assert refused.tone is Tone.BAD


async def test_lists_have_pages_and_a_way_back(mira: Person) -> None:
    for number in range(10):
        await mira.ask("dataset create", name=f"Set {number}")
    first = expect_reply(await mira.type("/dataset list"), "Your datasets")
    assert first.table is not None and len(first.table.rows) == 8
    second = expect_reply(await mira.press(find_button(first, "More")))
    assert second.table is not None
    # two that were made in one millisecond may come in either order, but each comes once
    names = [row[0] for row in (*first.table.rows, *second.table.rows)]
    assert sorted(names) == [f"Set {number}" for number in range(10)]
    again = expect_reply(await mira.press(find_button(second, "From the start")))
    assert again.table == first.table


async def test_another_persons_dataset_does_not_exist(mira: Person, eve: Person) -> None:
    shown = expect_reply(await make_dataset(mira, "Secret", pictures=1))
    await make_dataset(eve, "Own")
    expect_question(await eve.type("/dataset show Secret"), "dataset", "none of the choices")
    for label in ("Look at it", "Check", "Add pictures", "Remove a picture"):
        answer = await eve.press(find_button(shown, label))
        if not isinstance(answer, Reply):
            answer = await eve.send("flag 2")
        reply = expect_reply(answer, "Not found")
        assert "Secret" not in reply.text and reply.text == "There is no such dataset."


async def test_two_datasets_of_one_name_are_told_apart(mira: Person) -> None:
    await make_dataset(mira, "Cats")
    await make_dataset(mira, "Cats")
    question = expect_question(await mira.type("/dataset show Cats"), "dataset", "could be several")
    labels = [button.label for button in question.buttons[:2]]
    assert all(label.startswith("Cats (") for label in labels)


async def test_deleting_asks_and_happens_once(mira: Person, studio: Studio) -> None:
    await make_dataset(mira, pictures=2)
    asked = expect_reply(await mira.type("/dataset delete Cats"), "Delete “Cats”?")
    assert "2 pictures" in asked.text
    await mira.press(find_button(asked, "Cancel"))
    me = await mira.meet()
    assert len((await studio.datasets.list_own(me, PageRequest())).items) == 1
    expect_reply(await mira.press(find_button(asked, "Delete")), "“Cats” is deleted")
    expect_reply(await mira.press(find_button(asked, "Delete")), "Not found")


async def test_one_picture_is_removed_by_its_number(mira: Person) -> None:
    await make_dataset(mira, pictures=3)
    asked = await mira.ask("dataset remove", dataset="Cats", picture="2")
    reply = await mira.press(find_button(expect_reply(asked, "Remove"), "Remove"))
    assert expect_reply(reply, "The picture is removed").facts[0].value == "2"


async def test_captions_one_by_one_lead_to_the_next(mira: Person) -> None:
    await make_dataset(mira, pictures=2)
    saved = await mira.ask("caption set", dataset="Cats", picture="#1", text="on a chair")
    assert expect_reply(saved, "The caption is saved").text == "on a chair"
    following = find_button(saved, "Next without a caption")
    expect_question(await mira.press(following), "text")
    expect_reply(await mira.type("im Gras 🌱"), "The caption is saved")


async def test_captions_in_bulk_are_shown_before_they_are_changed(mira: Person) -> None:
    await make_dataset(mira, pictures=2)
    for number, text in (("1", "a cat"), ("2", "mycat, a cat")):
        await mira.ask("caption set", dataset="Cats", picture=number, text=text)
    asked = await mira.ask("caption all", dataset="Cats", change="prefix", text="mycat")
    shown = expect_reply(asked, "Change 1 caption?")
    assert shown.table is not None and shown.table.rows == (("1", "mycat, a cat"),)
    expect_reply(await mira.type("ja"), "1 caption changed")
    question = await mira.ask("caption all", dataset="Cats", change="Find and replace")
    expect_question(question, "find")
    expect_question(await mira.type("a cat"), "text")
    expect_reply(await mira.type("-"), "Change 2 captions?")
    expect_reply(await mira.type("yes"), "2 captions changed")
    table = expect_reply(await mira.type("/dataset show Cats")).table
    assert table is not None and [row[1] for row in table.rows] == ["mycat,", "mycat,"]


async def test_the_free_check_says_what_to_mend_and_what_fits(mira: Person) -> None:
    await make_dataset(mira, pictures=3)
    report = expect_reply(await mira.type("/dataset report Cats"), "Check of “Cats”")
    assert "3 pictures have no caption." in report.text
    assert report.table is not None
    fits = {row[0]: row[1] for row in report.table.rows}
    assert fits["SD 1.5 LoRA"] == "✗" and "✓" in fits.values()


@pytest.mark.parametrize("name", ["", "\u202e\u200b", "x" * 101])
async def test_a_name_that_cannot_be_is_asked_again(mira: Person, name: str) -> None:
    question = await mira.ask("dataset create", name=name)
    assert expect_question(question, "name", question.problem if name else "")  # type: ignore[union-attr]
    expect_reply(await mira.type("Fine"), "“Fine” is ready")
