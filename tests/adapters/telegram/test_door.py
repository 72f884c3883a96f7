"""The door: errors of the server, a second poller, the webhook, an end within seconds, and what the doctor says."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from adapters.telegram.client import Access
from adapters.telegram.door import HOOK_PATH, TelegramDoor
from adapters.web.app import create_app
from adapters.web.server import make_runner
from bots.conversation import Conversation
from core.errors import RefusedError, UnavailableError
from core.studio import Studio
from tests.adapters.telegram.chats import ME, TOKEN
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, read
from tests.adapters.telegram.refusals import Json

SECRET = "X-Telegram-Bot-Api-Secret-Token"


async def test_a_wrong_token_is_said_in_words_without_the_token(
    fake: FakeTelegram, conversation: Conversation
) -> None:
    door = TelegramDoor(Access("1:wrong", fake.url), conversation)
    with pytest.raises(RefusedError, match="@BotFather") as caught:
        await door.run()
    assert "wrong" not in str(caught.value)
    assert "@BotFather" in (await door.inspect())[0]


async def test_a_server_that_is_away_is_tried_again_later(conversation: Conversation) -> None:
    door = TelegramDoor(Access(TOKEN, "http://127.0.0.1:9"), conversation)
    with pytest.raises(UnavailableError, match="does not answer"):
        await door.run()
    assert "does not answer" in (await door.inspect())[0]


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_answer_that_the_server_fails_to_take_is_sent_again(
    ada: Somebody, fake: FakeTelegram, status: int
) -> None:
    fake.fail("sendMessage", status, "Internal Server Error")
    assert "Welcome" in read(await ada.ask("/start"))


async def test_a_flooded_chat_is_answered_when_telegram_allows(
    ada: Somebody, fake: FakeTelegram
) -> None:
    fake.fail("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1, times=2)
    began_s = asyncio.get_running_loop().time()
    assert "Welcome" in read(await ada.ask("/start"))
    assert asyncio.get_running_loop().time() - began_s >= 2


async def test_asking_goes_on_after_a_conflict_and_an_outage(
    ada: Somebody, fake: FakeTelegram
) -> None:
    await ada.ask("/start")
    fake.fail("getUpdates", 502, "Bad Gateway")
    fake.fail("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    assert "100 points" in read(await ada.ask("/points"))
    assert "100 points" in read(await ada.ask("/points"))


async def test_who_has_blocked_the_bot_stops_nobody_else(ada: Somebody, fake: FakeTelegram) -> None:
    eve = Somebody(fake, 1666, "Eve")
    eve.say("/start")
    eve.block()
    assert "Welcome" in read(await ada.ask("/start"))
    eve.chat.is_open = True
    assert "100 points" in read(await eve.ask("/points"))


async def test_it_ends_within_five_seconds_and_what_was_too_slow_is_answered_next_time(
    fake: FakeTelegram, door: TelegramDoor
) -> None:
    ada = Somebody(fake)
    async with opened(door):
        await ada.ask("/start")
        fake.fail("sendMessage", 429, "Too Many Requests: retry after 30", retry_after=30)
        calls = fake.count("sendMessage")
        ada.say("/points")
        await fake.wait_for("sendMessage", calls + 1)
    async with opened(door):
        assert "100 points" in read(await ada.hear(3))


@asynccontextmanager
async def hooked(
    fake: FakeTelegram, studio: Studio, conversation: Conversation
) -> AsyncIterator[str]:
    """Run the door on a webhook, over the real web server; yield the hook's address."""
    async with _serving(studio, conversation, fake) as (door, address), opened(door):
        await fake.wait_for("setWebhook", 1)
        yield address


@asynccontextmanager
async def _serving(
    studio: Studio, conversation: Conversation, fake: FakeTelegram
) -> AsyncIterator[tuple[TelegramDoor, str]]:
    door = TelegramDoor(Access(TOKEN, fake.url), conversation, webhook_url="http://127.0.0.1")
    runner = make_runner(create_app(studio, hooks=door.hooks))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    door._webhook_url = f"http://127.0.0.1:{port}{HOOK_PATH}"
    try:
        yield door, door._webhook_url
    finally:
        await runner.cleanup()


async def post(address: str, update: Json, secret: str | None) -> int:
    """Post an update as Telegram does, or as somebody who is not Telegram."""
    headers = {SECRET: secret} if secret is not None else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, data=json.dumps(update), headers=headers) as answer,
    ):
        return answer.status


async def test_by_webhook_an_update_is_answered_before_it_is_acknowledged(
    fake: FakeTelegram, studio: Studio, conversation: Conversation
) -> None:
    ada = Somebody(fake)
    async with hooked(fake, studio, conversation) as address:
        assert "Welcome" in read(await ada.ask("/start"))
        update = {"update_id": 5, "message": {**ada.chat.messages[0], "text": "/dataset_create A"}}
        assert await post(address, update, fake.webhook["secret_token"]) == 200
        assert "“A” is ready" in read(ada.chat.messages[-1]), "late, and answered before the 200"


async def test_a_post_that_comes_again_is_acknowledged_and_not_taken_again(
    fake: FakeTelegram, studio: Studio, conversation: Conversation
) -> None:
    ada = Somebody(fake)
    async with hooked(fake, studio, conversation) as address:
        await ada.ask("/start")
        update = {"update_id": 5, "message": {**ada.chat.messages[0], "text": "/dataset_create A"}}
        secret = fake.webhook["secret_token"]
        assert await asyncio.gather(*(post(address, update, secret) for _ in range(3))) == [200] * 3
        assert await post(address, update, secret) == 200
        assert sum("“A” is ready" in read(m) for m in ada.chat.messages if m["from"] == ME) == 1


@pytest.mark.parametrize("secret", [None, "", "wrong", "ü"])
async def test_a_post_without_the_secret_is_refused(
    fake: FakeTelegram, studio: Studio, conversation: Conversation, secret: str | None
) -> None:
    ada = Somebody(fake)
    async with hooked(fake, studio, conversation) as address:
        update = {"update_id": 5, "message": fake.add_message(ada.chat, ada.me, text="/start")}
        assert await post(address, update, secret) == 403
    assert len(ada.chat.messages) == 1


async def test_a_post_that_is_no_update_is_refused_and_one_before_the_start_is_put_off(
    fake: FakeTelegram, studio: Studio, conversation: Conversation
) -> None:
    async with _serving(studio, conversation, fake) as (door, address):
        secret = door._make_secret()
        assert await post(address, {"update_id": 1}, secret) == 503
        async with opened(door):
            await fake.wait_for("setWebhook", 1)
            nonsenses: list[Json] = [{"update": 1}, {"update_id": "x"}, {}]
            for nonsense in nonsenses:
                assert await post(address, nonsense, secret) == 400


async def test_polling_takes_a_forgotten_webhook_away(ada: Somebody, fake: FakeTelegram) -> None:
    fake.webhook["url"] = ""
    await ada.ask("/start")
    assert fake.count("deleteWebhook") == 1


async def test_the_doctor_says_what_to_fix(
    fake: FakeTelegram, door: TelegramDoor, conversation: Conversation
) -> None:
    assert await door.inspect() == []
    fake.reads_all = True
    fake.webhook |= {
        "url": "https://old.example/hook",
        "pending_update_count": 500,
        "last_error_message": "Connection refused",
    }
    found = "\n".join(await door.inspect())
    for words in ("privacy mode", "https://old.example/hook", "500 updates", "Connection refused"):
        assert words in found
    for address in ("http://plain.example", "https://odd.example:8080"):
        posted = TelegramDoor(Access(TOKEN, fake.url), conversation, webhook_url=address)
        found = "\n".join(await posted.inspect())
        assert "443, 80, 88 and 8443" in found and "does not post to this server yet" in found


async def test_a_door_that_is_closed_while_it_opens_leaves_nothing_open(
    fake: FakeTelegram, door: TelegramDoor
) -> None:
    fake.fail("getMe", 429, "Too Many Requests: retry after 30", retry_after=30)
    async with opened(door):
        await fake.wait_for("getMe", 1)
    gc.collect()  # a session that was left open warns, and a warning is an error
