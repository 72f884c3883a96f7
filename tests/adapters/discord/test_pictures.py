"""Pictures from Discord: by attachments, forms, direct messages and the menu of a message."""

import pytest

from core.datasets.records import Item, Source
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.discord.conftest import Open
from tests.fake_discord.person import Person
from tests.fake_discord.server import Discord
from tests.fake_discord.stage import flatten
from tests.worker.people import draw_flag

FLAGS = [(f"flag {n}.png", draw_flag(n)) for n in range(12)]


async def list_items(studio: Studio, person: Person) -> list[Item]:
    """List what is in somebody's newest dataset."""
    account, _ = await studio.accounts.first_contact("discord", str(person.number), "")
    principal = studio.accounts.speak_for(account)
    page = await studio.datasets.list_own(principal, PageRequest(limit=1))
    return await studio.datasets.list_active(page.items[0].id)


def count_downloads(discord: Discord) -> int:
    return sum(path.startswith("/attachments") for _, path in discord.requests)


async def test_ten_pictures_in_one_message_are_ten_items_and_one_answer(
    mira: Person, studio: Studio
) -> None:
    await mira.command("dataset create", name="Flags")
    await mira.press("Add pictures")
    mira.seen.clear()
    answer = await mira.write("a striped flag", *FLAGS[:10])
    assert "10 pictures added to “Flags”" in flatten(answer)
    assert len(mira.seen) == 1
    items = await list_items(studio, mira)
    assert len(items) == 10
    assert {item.source for item in items} == {Source.DISCORD}
    assert {item.captions["default"] for item in items} == {"a striped flag"}


async def test_a_command_takes_ten_attachments(mira: Person) -> None:
    await mira.command("dataset create", name="Flags")
    answer = await mira.command("dataset add", *FLAGS[:10], dataset="Flags")
    assert "10 pictures added" in flatten(answer)


async def test_a_form_takes_pictures_in_a_server_where_nobody_else_sees(
    discord: Discord, served: None
) -> None:
    noor = Person(discord, 7, in_server=True)
    assert (await noor.command("dataset create", name="Flags"))["flags"] == 64
    question = await noor.press("Add pictures")
    assert question["flags"] == 64
    form = await noor.press("Send pictures")
    answer = await noor.submit("", *FLAGS[:3], form=form["form"])
    assert "3 pictures added to “Flags”" in flatten(answer)
    assert answer["flags"] == 64


async def test_a_large_file_is_refused_before_a_byte_of_it_is_fetched(
    mira: Person, discord: Discord
) -> None:
    await mira.command("dataset create", name="Flags")
    large = ("huge.png", b"\x89PNG" + bytes(25_000_000))
    answer = flatten(await mira.command("dataset add", FLAGS[0], large, dataset="Flags"))
    assert "1 picture added" in answer
    assert "huge.png: This file is larger than 20 MB" in answer
    assert count_downloads(discord) == 1


async def test_a_size_that_is_a_lie_is_noticed_before_it_is_read(
    mira: Person, discord: Discord
) -> None:
    await mira.command("dataset create", name="Flags")
    large = ("huge.png", b"\x89PNG" + bytes(25_000_000))
    message = mira.make_message("/dataset add Flags", large)
    message["attachments"][0]["size"] = 100
    assert "larger than 20 MB" in flatten(await mira.send(message))
    assert count_downloads(discord) == 1


async def test_what_is_no_picture_is_refused_by_name_and_spoils_no_other(mira: Person) -> None:
    await mira.command("dataset create", name="Flags")
    uploads = [("notes.png", b"not a picture at all"), ("a*b.exe", b"MZ"), FLAGS[0]]
    answer = flatten(await mira.command("dataset add", *uploads, dataset="Flags"))
    assert "1 picture added" in answer
    assert "2 were refused" in answer
    assert "notes.png" in answer


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/attachments/1/x.png",
        "https://cdn.discordapp.com.evil.example/x.png",
        "http://cdn.discordapp.com/x.png",
        "file:///etc/passwd",
        "https://cdn.discordapp.com@evil.example/x.png",
        "http://[",
        "",
    ],
)
async def test_nothing_is_fetched_from_anywhere_but_discord(url: str, mira: Person) -> None:
    await mira.command("dataset create", name="Flags")
    message = mira.make_message("/dataset add Flags", FLAGS[0])
    message["attachments"][0]["url"] = url
    answer = flatten(await mira.send(message))
    assert "That is no picture that was sent on Discord." in answer


async def test_a_picture_that_discord_no_longer_has_is_told_of(
    mira: Person, discord: Discord
) -> None:
    await mira.command("dataset create", name="Flags")
    message = mira.make_message("/dataset add Flags", FLAGS[0], FLAGS[1])
    discord.files.pop(next(iter(discord.files)))
    answer = flatten(await mira.send(message))
    assert "1 picture added" in answer
    assert "Discord has this picture no longer. Send it again." in answer


async def test_the_menu_of_a_message_takes_its_pictures_and_forwarded_ones(
    mira: Person, studio: Studio
) -> None:
    await mira.command("dataset create", name="Flags")
    await mira.command("dataset create", name="Others")
    message = mira.make_message("look", FLAGS[0])
    inner = mira.make_message("", FLAGS[1], FLAGS[2])
    message["message_snapshots"] = [{"message": inner}]
    question = await mira.use_menu("Add images to dataset", message)
    assert "Which dataset?" in flatten(question)
    answer = await mira.press("Others")
    assert "3 pictures added to “Others”" in flatten(answer)
    assert len(await list_items(studio, mira)) == 3


async def test_the_menu_of_a_message_without_pictures_says_so(mira: Person) -> None:
    mira.locale = "de"
    answer = await mira.use_menu("Add images to dataset", mira.make_message("only words"))
    assert "In dieser Nachricht ist kein Bild" in flatten(answer)


async def test_pictures_wait_for_their_dataset_through_a_restart(
    discord: Discord, open_door: Open, studio: Studio
) -> None:
    mira = Person(discord)
    async with open_door():
        await mira.command("dataset create", name="Flags")
        await mira.command("dataset create", name="Others")
        await mira.command("cancel")
        question = await mira.write("stripes", *FLAGS[:2])
        assert "Which dataset?" in flatten(question)
    async with open_door():
        answer = await mira.press("Others", question)
    assert "2 pictures added to “Others”" in flatten(answer)
    assert {i.captions["default"] for i in await list_items(studio, mira)} == {"stripes"}
