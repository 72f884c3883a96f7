"""Sharing in conversation: a code handed on, a friend who adds pictures, and a zip of it all."""

import io
import zipfile

from bots.conversation import Conversation
from tests.bots.people import FLAGS, Person, expect_reply, find_button, make_picture


async def test_a_friend_joins_adds_and_is_named_in_the_zip(
    conversation: Conversation, mira: Person, eve: Person
) -> None:
    await mira.type("/dataset create Cats")
    shared = expect_reply(await mira.type("/dataset share Cats"), "Others can join “Cats”")
    code = shared.text.split("/dataset join ", 1)[1].split("\n", 1)[0]
    joined = expect_reply(await eve.type(f"/dataset join {code}"), "You work on “Cats” now")
    await eve.press(find_button(joined, "Add pictures"))
    expect_reply(await eve.send("flag 0", "flag 1"), "2 pictures added to “Cats”")
    listed = expect_reply(await eve.type("/dataset list"))
    assert listed.table is not None and listed.table.rows[0][0] == "Cats (shared)"
    news = expect_reply(await mira.type("/inbox"), "eve has joined “Cats”")
    assert news.buttons[0].label == "Look at it"
    [zipped] = expect_reply(await eve.type("/dataset export Cats")).files
    body = b"".join([chunk async for chunk in zipped.open()])
    assert len(body) == zipped.size_bytes
    assert len(zipfile.ZipFile(io.BytesIO(body)).namelist()) == 5
    assert zipped.link is not None and (await zipped.link()).startswith("http://")
    expelled = await mira.type("/dataset expel Cats eve")
    expect_reply(await mira.press(find_button(expelled, "Remove")), "Done")
    expect_reply(await eve.type(f"/dataset join {code}"), "That does not work")
    expect_reply(await eve.type("/dataset list"), "You have no dataset yet.")


async def test_a_member_leaves_again(mira: Person, eve: Person) -> None:
    await mira.type("/dataset create Cats")
    shared = expect_reply(await mira.type("/dataset share Cats"))
    code = shared.text.split("/dataset join ", 1)[1].split("\n", 1)[0]
    await eve.type(f"/dataset join {code}")
    expect_reply(await eve.type("/dataset leave Cats (shared)"), "You have left “Cats”")
    expect_reply(await eve.type("/dataset leave"), "You have joined no dataset of others.")


async def test_a_zip_is_taken_apart_and_what_is_wrong_in_it_is_named(mira: Person) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.png", FLAGS["flag 0"])
        archive.writestr("two.png", FLAGS["flag 1"])
        archive.writestr("virus.exe", b"MZ")
    await mira.type("/dataset create Cats")
    answer = await mira.ask("dataset add", make_picture("all", packed.getvalue()), dataset="Cats")
    reply = expect_reply(answer, "2 pictures added to “Cats”")
    assert "1 was refused" in reply.text and "virus.exe" in reply.text
