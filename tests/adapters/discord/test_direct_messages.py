"""News over REST alone: delivered once, refused for good, or put off."""

from collections.abc import AsyncIterator

import pytest

from adapters.discord.direct_messages import DiscordDirectMessages
from bots.dialog import Button, File, Reply
from core.errors import UnavailableError, UndeliverableError
from tests.adapters.discord.conftest import find_endpoints
from tests.fake_discord.person import Person
from tests.fake_discord.server import TOKEN, Discord, Fault
from tests.fake_discord.stage import flatten
from tests.worker.people import draw_flag


async def read() -> AsyncIterator[bytes]:
    yield draw_flag(1)


NEWS = Reply(
    "Done",
    "@everyone *look*",
    images=(File("samples.png", "image/png", 100, read), File("loss.png", "image/png", 100, read)),
    buttons=(Button("Look at it", "mods", data="mods"),),
)


@pytest.fixture
async def messages(discord: Discord) -> AsyncIterator[DiscordDirectMessages]:
    async with DiscordDirectMessages(TOKEN, find_endpoints(discord)) as opened:
        yield opened


async def test_a_message_comes_with_pictures_and_buttons_and_without_a_gateway(
    discord: Discord, messages: DiscordDirectMessages
) -> None:
    mira = Person(discord)
    await messages.send("42", NEWS, "nonce-1")
    (seen,) = mira.seen
    assert [file["filename"] for file in seen["attachments"]] == ["samples.png", "loss.png"]
    images = [embed["image"]["url"] for embed in seen["embeds"]]
    assert images == ["attachment://samples.png", "attachment://loss.png"]
    assert "@everyone *look*" in flatten(seen) and "[Look at it]" in flatten(seen)
    assert discord.identified == 0


async def test_a_message_that_is_sent_again_is_the_same_message(
    discord: Discord, messages: DiscordDirectMessages
) -> None:
    mira = Person(discord)
    for nonce in ("one", "one", "two"):
        await messages.send("42", NEWS, nonce)
    assert len(mira.seen) == 2


@pytest.mark.parametrize("code", [50007, 50278])
async def test_closed_messages_are_a_final_answer(
    code: int, discord: Discord, messages: DiscordDirectMessages
) -> None:
    discord.closed_to[42] = code
    with pytest.raises(UndeliverableError):
        await messages.send("42", NEWS, "n")
    await messages.send("43", NEWS, "n")


async def test_a_long_rate_limit_is_left_to_the_outbox(
    discord: Discord, messages: DiscordDirectMessages
) -> None:
    body = {"message": "slow down", "retry_after": 95.0, "global": False}
    discord.faults.append(Fault("POST /channels", 429, body, {"Via": "1.1 google"}))
    with pytest.raises(UnavailableError) as caught:
        await messages.send("42", NEWS, "n")
    assert caught.value.retry_after_s == 95.0


async def test_a_ban_by_the_network_is_left_to_the_outbox(
    discord: Discord, messages: DiscordDirectMessages
) -> None:
    discord.faults.append(Fault("POST /channels", 429, {"message": "x"}, {"Retry-After": "120"}))
    with pytest.raises(UnavailableError) as caught:
        await messages.send("42", NEWS, "n")
    assert caught.value.retry_after_s == 120


@pytest.mark.parametrize("pattern", ["POST /channels", "POST /users", "GET /users/@me"])
async def test_an_error_of_discord_may_pass(
    pattern: str, discord: Discord, messages: DiscordDirectMessages
) -> None:
    mira = Person(discord)
    discord.faults.append(Fault(pattern, 503, {"message": "Service unavailable"}))
    with pytest.raises(UnavailableError, match="503"):
        await messages.send("42", NEWS, "n")
    await messages.send("42", NEWS, "n")
    assert len(mira.seen) == 1


async def test_a_wrong_token_keeps_news_waiting(discord: Discord) -> None:
    async with DiscordDirectMessages("wrong", find_endpoints(discord)) as messages:
        with pytest.raises(UnavailableError, match="token"):
            await messages.send("42", NEWS, "n")


async def test_a_discord_that_is_not_there_keeps_news_waiting(discord: Discord) -> None:
    endpoints = find_endpoints(discord)
    nowhere = type(endpoints)("http://127.0.0.1:9/api/v10", "")
    async with DiscordDirectMessages(TOKEN, nowhere) as messages:
        with pytest.raises(UnavailableError, match="cannot be reached"):
            await messages.send("42", NEWS, "n")
