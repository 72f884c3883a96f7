"""What is sent: news over REST, files and pictures of every size, and messages that follow a training."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.telegram.client import Access
from adapters.telegram.direct_messages import TelegramMessages
from adapters.telegram.door import TelegramDoor
from bots.catalogue import Catalogue, list_commands
from bots.conversation import Conversation
from bots.dialog import Args, Button, Context, File, Reply, command
from core.errors import UnavailableError, UndeliverableError
from core.jobs.events import job_event
from core.jobs.records import Progress
from core.records import PageRequest
from core.studio import Studio
from tests.adapters.telegram.chats import TOKEN
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, list_buttons, read
from tests.core.yard import FAMILIES, wishes
from tests.worker.people import draw_flag


def make_file(name: str, body: bytes, caption: str = "") -> File:
    async def stream() -> AsyncIterator[bytes]:
        yield body

    return File(name, "image/png", len(body), stream, caption)


NEWS = Reply(
    "“Cats” is ready",
    "Write <its> word.",
    images=(make_file("samples.png", draw_flag(1), "Samples"),),
    buttons=(Button("Look at it", "mod show", data="mod.show:md_aaaaaaaaaaaaaaaa"),),
)


@pytest.fixture
async def messages(fake: FakeTelegram) -> AsyncIterator[TelegramMessages]:
    async with TelegramMessages(Access(TOKEN, fake.url)) as opened_messages:
        yield opened_messages


async def test_news_is_one_message_with_its_picture_and_buttons(
    fake: FakeTelegram, messages: TelegramMessages
) -> None:
    ada = Somebody(fake)
    ada.chat.is_open = True
    await messages.send("1001", NEWS, "nonce")
    (message,) = ada.chat.messages
    assert message["caption"] == "“Cats” is ready\nWrite <its> word."
    assert message["shown"] == "samples.png"
    assert [button["text"] for button in list_buttons(message)] == ["Look at it"]


async def test_who_cannot_be_written_to_is_a_final_answer(
    fake: FakeTelegram, messages: TelegramMessages
) -> None:
    Somebody(fake)
    for person in ("1001", "77"):  # one never pressed Start, of the other Telegram knows nothing
        with pytest.raises(UndeliverableError):
            await messages.send(person, NEWS, "nonce")


@pytest.mark.parametrize(("status", "retry_after", "wait_s"), [(429, 7, 7.0), (502, 0, None)])
async def test_what_may_be_sent_later_says_so(
    fake: FakeTelegram,
    messages: TelegramMessages,
    status: int,
    retry_after: int,
    wait_s: float | None,
) -> None:
    ada = Somebody(fake)
    ada.chat.is_open = True
    fake.fail("sendPhoto", status, "Too Many Requests", retry_after=retry_after)
    with pytest.raises(UnavailableError) as caught:
        await messages.send("1001", NEWS, "nonce")
    assert caught.value.retry_after_s == wait_s
    assert "fake" not in caught.value.message
    await messages.send("1001", NEWS, "nonce")
    assert len(ada.chat.messages) == 1


async def test_telegram_that_is_away_is_tried_later() -> None:
    async with TelegramMessages(Access(TOKEN, "http://127.0.0.1:9")) as messages:
        with pytest.raises(UnavailableError):
            await messages.send("1001", NEWS, "nonce")


async def link() -> str:
    return "https://example.org/big"


@command("show all", "Show files of all kinds")
async def show_all(context: Context, args: Args) -> Reply:
    async def fail() -> AsyncIterator[bytes]:
        raise UnavailableError("The storage is away.")
        yield b""

    if context.spot.external_id == "1002":
        return Reply("gone", files=(File("gone.bin", "x/y", 10, fail),))
    big = make_file("big.bin", b"")
    return Reply(
        "All",
        images=tuple(make_file(f"{n}.png", draw_flag(n), f"Number {n}") for n in range(12)),
        files=(
            make_file("small.bin", b"small"),
            File(big.name, big.content_type, 60_000_000, big.open, link=link),
        ),
    )


async def test_albums_files_and_addresses_come_before_the_words(
    fake: FakeTelegram, studio: Studio
) -> None:
    catalogue = Catalogue((*list_commands().commands.values(), show_all))
    ada, bob = Somebody(fake), Somebody(fake, 1002, "Bob")
    async with opened(TelegramDoor(Access(TOKEN, fake.url), Conversation(studio, catalogue))):
        last = await ada.ask("/show_all")
        shown = [m["shown"] for m in ada.chat.messages if "shown" in m]
        assert shown == ["small.bin", *(f"{n}.png" for n in range(12))]
        assert fake.count("sendMediaGroup") == 2
        assert "60 MB" in read(last) and "https://example.org/big" in read(last)
        assert "The storage is away." in read(await bob.ask("/show_all"))


async def test_a_picture_that_telegram_takes_for_no_photo_comes_as_a_file(
    fake: FakeTelegram, messages: TelegramMessages
) -> None:
    ada = Somebody(fake)
    ada.chat.is_open = True
    fake.fail("sendPhoto", 400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    await messages.send("1001", NEWS, "nonce")
    (message,) = ada.chat.messages
    assert message["document"]["file_name"] == "samples.png"
    assert "is ready" in message["caption"] and list_buttons(message)


async def test_an_answer_that_telegram_refuses_is_followed_by_words(
    ada: Somebody, fake: FakeTelegram
) -> None:
    await ada.ask("/start")
    fake.fail("sendMessage", 400, "Bad Request: can't parse entities")
    assert "Something went wrong" in read(await ada.ask("/points"))


async def test_a_message_follows_its_training_until_another_button_is_pressed(
    ada: Somebody, fake: FakeTelegram, studio: Studio
) -> None:
    await ada.push(await ada.ask("/dataset_create Flags"), "Add pictures")
    after = len(ada.chat.messages)
    ada.send_album([(f"{n}.png", draw_flag(n)) for n in range(4)])
    await ada.hear(after + 4)
    account, _ = await studio.accounts.first_contact("telegram", "1001", "Ada")
    principal = studio.accounts.speak_for(account)
    dataset = (await studio.datasets.list_own(principal, PageRequest())).items[0]
    await studio.jobs.submit(principal, dataset.id, wishes(), "first")
    job = await studio.leases.claim("worker", FAMILIES)
    assert job is not None
    job = await studio.leases.start_running(job)
    shown = await ada.ask(f"/job_show {job.id}")
    before = read(shown)
    async with asyncio.timeout(20):
        while read(shown) == before:  # what happened before it listened nobody is told
            heard = job.model_copy(update={"progress": Progress(step=50, total_steps=100)})
            await studio.events.publish(job_event(heard))
            await asyncio.sleep(0.05)
    assert "50%" in read(shown) and list_buttons(shown)
    await ada.push(shown, "All trainings")
    still = read(shown)
    followed = await ada.ask(f"/job_show {job.id}")
    async with asyncio.timeout(20):
        while "50%" not in read(followed):
            await studio.events.publish(job_event(heard))
            await asyncio.sleep(0.05)
    await studio.jobs.cancel(principal, job.id)
    await studio.leases.cancel(job)
    async with asyncio.timeout(20):
        while "cancelled" not in read(followed):
            ada.chat.changed.clear()
            await ada.chat.changed.wait()
    for _ in range(3):  # the other message would be edited meanwhile
        await ada.ask("/points")
    assert read(shown) == still, "whoever pressed a button has gone on"
