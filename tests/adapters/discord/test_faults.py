"""When Discord is slow, forgetful, angry or gone; and when the operator got something wrong."""

import asyncio
import logging

import pytest

from adapters.discord.client import Place
from adapters.discord.door import DiscordDoor
from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from bots.dialog import Args, Context, Reply, command
from config.settings import Settings
from core.errors import RefusedError
from core.studio import Studio
from tests.adapters.discord.conftest import Open, find_endpoints
from tests.fake_discord.person import Person
from tests.fake_discord.server import GUILD, TOKEN, Discord, Fault
from tests.fake_discord.stage import flatten

LIMITED = {"message": "You are being rate limited.", "retry_after": 0.2, "global": False}


def make_door(
    discord: Discord, studio: Studio, settings: Settings, *, token: str = TOKEN, guild: int = GUILD
) -> DiscordDoor:
    conversation = Conversation(studio, list_commands())
    place = Place(settings.data_folder / "discord-commands.json", (guild,))
    return DiscordDoor(token, conversation, find_endpoints(discord), place)


async def test_a_rate_limit_delays_an_answer_and_loses_none(mira: Person, discord: Discord) -> None:
    discord.faults.append(Fault("POST /interactions", 429, LIMITED, {"Via": "1.1 google"}))
    assert "You have 500 points" in flatten(await mira.command("points"))
    discord.faults.append(Fault("POST /channels", 429, LIMITED, {"Via": "1.1 google"}))
    assert "You have 500 points" in flatten(await mira.write("/points"))


async def test_an_error_of_discord_is_tried_again(mira: Person, discord: Discord) -> None:
    discord.faults.append(Fault("POST /interactions", 502, {"message": "Bad gateway"}))
    assert "You have 500 points" in flatten(await mira.command("points"))


async def test_a_message_that_discord_refuses_is_told_of_in_words(
    mira: Person, discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    discord.faults.append(Fault("POST /interactions", 400, {"message": "no", "code": 50035}))
    answer = flatten(await mira.command("points"))
    assert "Something went wrong" in answer and "tell the operator this number" in answer
    assert "incident" in caplog.text


async def test_closed_messages_after_an_expired_interaction_are_logged(
    mira: Person, discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    mira.comes_late = True
    discord.closed_to[mira.number] = 50007
    await mira.command("points", wait=False)
    async with asyncio.timeout(30):
        await discord.refused.wait()
    mira.comes_late = False
    assert "500 points" in flatten(await mira.command("points"))
    assert "could not be answered" in caplog.text


async def test_what_happened_meanwhile_comes_with_a_resume(
    mira: Person, discord: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await discord.ask_to_reconnect()
    answering = asyncio.ensure_future(mira.command("points"))
    assert "500 points" in flatten(await answering)
    assert (discord.identified, discord.resumed) == (1, 1)
    await mira.command("points")
    assert "the connection to Discord is lost" in caplog.text
    assert "connected to Discord again" in caplog.text


async def test_commands_are_synced_when_they_changed_and_only_then(
    discord: Discord, open_door: Open
) -> None:
    @command("wave", "Wave")
    async def wave(context: Context, args: Args) -> Reply:
        return Reply("Hello")

    more = Catalogue([*list_commands().commands.values(), wave])
    for catalogue, synced in ((None, 1), (None, 1), (more, 2), (more, 2)):
        async with open_door(catalogue):
            assert discord.synced == synced
    async with open_door(guilds=(GUILD,)):
        assert discord.synced == 3
        noor = Person(discord, in_server=True)
        assert "500 points" in flatten(await noor.command("points"))


async def test_who_is_being_answered_is_answered_before_the_door_closes(
    discord: Discord, open_door: Open
) -> None:
    going_on, begun = asyncio.Event(), asyncio.Event()

    @command("wait", "Wait")
    async def wait(context: Context, args: Args) -> Reply:
        begun.set()
        await going_on.wait()
        return Reply("Here I am")

    mira = Person(discord)
    async with open_door(Catalogue([*list_commands().commands.values(), wait])):
        answering = asyncio.ensure_future(mira.command("wait"))
        await begun.wait()
        asyncio.get_running_loop().call_later(0.3, going_on.set)
    assert "Here I am" in flatten(await answering)


async def test_nobody_keeps_the_door_open_for_ever(discord: Discord, open_door: Open) -> None:
    begun = asyncio.Event()

    @command("wait", "Wait")
    async def wait(context: Context, args: Args) -> Reply:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    loop = asyncio.get_running_loop()
    async with open_door(Catalogue([*list_commands().commands.values(), wait])):
        await Person(discord).command("wait", wait=False)
        await begun.wait()
        closing_s = loop.time()
    assert loop.time() - closing_s < 5


async def test_a_wrong_token_is_told_to_the_operator(
    discord: Discord, studio: Studio, settings: Settings
) -> None:
    door = make_door(discord, studio, settings, token="wrong")
    with pytest.raises(RefusedError, match="does not accept TRAINYARD_DISCORD_TOKEN"):
        await door.run()
    assert "does not accept" in (await door.inspect())[0]


@pytest.mark.parametrize(
    ("code", "words"), [(4014, "privileged intent"), (4004, "does not accept")]
)
async def test_a_connection_closed_for_good_is_told_to_the_operator(
    code: int, words: str, discord: Discord, studio: Studio, settings: Settings
) -> None:
    discord.close_code = code
    with pytest.raises(RefusedError, match=words):
        await make_door(discord, studio, settings).run()


async def test_a_server_that_the_bot_is_not_in_is_told_to_the_operator(
    discord: Discord, studio: Studio, settings: Settings
) -> None:
    door = make_door(discord, studio, settings, guild=1)
    with pytest.raises(RefusedError, match="Invite it there"):
        await door.run()
    (problem,) = await door.inspect()
    assert "not in the server 1" in problem
    assert "scope=bot+applications.commands" in problem and "client_id=900" in problem


async def test_an_inspection_finds_what_keeps_commands_away(
    discord: Discord, studio: Studio, settings: Settings
) -> None:
    door = make_door(discord, studio, settings)
    assert await door.inspect() == []
    discord.application["interactions_endpoint_url"] = "https://elsewhere.example"
    assert "interactions endpoint URL" in (await door.inspect())[0]
