"""Points bought with Telegram Stars: asked in time, paid once, and paid back, over real sockets."""

import asyncio

import pytest
from pydantic import SecretStr

from adapters.telegram.client import Access
from adapters.telegram.door import TelegramDoor
from adapters.telegram.stars import open_cashier
from bots.conversation import Conversation
from bots.dialog import Reply
from config.payments import list_payments, pay_back
from config.settings import Settings
from core.accounts.records import Principal, Role
from core.errors import ConflictError, RefusedError, UnavailableError
from core.records import PageRequest
from core.studio import Studio
from core.topups.records import Package
from core.topups.service import TopUps
from tests.adapters.telegram.chats import TOKEN
from tests.adapters.telegram.conftest import opened
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.people import Somebody, make_group, read
from tests.adapters.telegram.refusals import Json
from tests.bots.people import Person, expect_reply, find_button

ADMIN = Principal(account="local", role=Role.ADMIN)
PACKAGES = (Package(points=100, stars=50), Package(points=500, stars=250))


@pytest.fixture
def studio(studio: Studio) -> Studio:
    """A studio that sells."""
    studio.top_ups.packages = PACKAGES
    return studio


async def hear_invoice(person: Somebody, after: int) -> Json:
    message = await person.hear(after)
    assert "invoice" in message, read(message)
    return message


async def order(person: Somebody) -> Json:
    """Ask for the smallest package; return the invoice."""
    asked = await person.ask("/topup")
    after = len(person.chat.messages)
    person.press(asked, "100 points for 50 ⭐")
    return await hear_invoice(person, after)


async def count_points(studio: Studio, number: str = "1001") -> int:
    account, _ = await studio.accounts.first_contact("telegram", number, "Ada")
    return await studio.points.get_balance(account.id)


async def test_points_are_bought_by_an_invoice_and_credited_once(
    ada: Somebody, fake: FakeTelegram, studio: Studio
) -> None:
    shown = await order(ada)
    assert (shown["invoice"]["total_amount"], shown["invoice"]["title"]) == (50, "100 points")
    assert shown["invoice"]["start_parameter"], "else a copy of it could be paid by others"
    payload = fake.find_payload(shown)
    assert await fake.ask_checkout(ada, payload, 50) == ""
    after = len(ada.chat.messages)
    charge, told = fake.charge(ada, payload, 50)
    thanks = read(await ada.hear(after + 1))
    assert "100 points are yours" in thanks and "You have 200 points now" in thanks
    after = len(ada.chat.messages)
    fake.push(message=told)  # the same payment in another update
    assert "You have 200 points now" in read(await ada.hear(after))
    statement = read(await ada.ask("/statement"))
    assert statement.count("Telegram Stars (bought)") == 1
    assert "paid already" in await fake.ask_checkout(ada, payload, 50)
    page = await studio.top_ups.list_payments("", PageRequest())
    assert [(p.charge, p.payer, p.stars) for p in page.items] == [(charge, "1001", 50)]
    assert (await studio.reconciler.reconcile()).is_sound


async def test_a_question_before_a_payment_is_refused_in_words_of_the_person(
    ada: Somebody, fake: FakeTelegram
) -> None:
    payload = fake.find_payload(await order(ada))
    bob = Somebody(fake, 1002, "Bob", "de")
    assert "für jemand anderen" in await fake.ask_checkout(bob, payload, 50)
    assert "another price" in await fake.ask_checkout(ada, payload, 1)
    assert "not valid" in await fake.ask_checkout(ada, "iv_nothing", 50)


async def test_a_question_before_a_payment_waits_for_nothing_that_the_person_began(
    ada: Somebody, fake: FakeTelegram, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = fake.find_payload(await order(ada))
    begun, goes_on = asyncio.Event(), asyncio.Event()
    handle = conversation.handle

    async def hold(incoming: object) -> object:
        begun.set()
        await goes_on.wait()
        return await handle(incoming)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(conversation, "handle", hold)
    ada.say("/points")
    await begun.wait()
    assert await fake.ask_checkout(ada, payload, 50) == ""
    goes_on.set()


async def test_a_failure_before_a_payment_moves_no_money_and_a_late_answer_harms_nobody(
    ada: Somebody, fake: FakeTelegram, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = fake.find_payload(await order(ada))

    async def fail(*args: object) -> None:
        raise ValueError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr(studio.top_ups, "check", fail)
        assert "should not have happened" in await fake.ask_checkout(ada, payload, 50)
    fake.push(
        pre_checkout_query={
            "id": "long-gone",
            "from": ada.me,
            "currency": "XTR",
            "total_amount": 50,
            "invoice_payload": payload,
        }
    )
    await fake.wait_for("answerPreCheckoutQuery", 2)
    assert "100 points" in read(await ada.ask("/points"))


async def test_a_payment_that_cannot_be_kept_is_tried_until_it_is(
    ada: Somebody, fake: FakeTelegram, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = fake.find_payload(await order(ada))
    take, failures = studio.top_ups.take, [UnavailableError("down"), ValueError("a defect")]

    async def fail_first(paid: object) -> object:
        if failures:
            raise failures.pop()
        return await take(paid)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr("adapters.telegram.inbox._PAUSES_S", (0.01,))
    monkeypatch.setattr(studio.top_ups, "take", fail_first)
    after = len(ada.chat.messages)
    fake.charge(ada, payload, 50)
    assert "100 points are yours" in read(await ada.hear(after + 1))
    assert await count_points(studio) == 200


async def test_a_bot_that_died_before_a_payment_was_kept_takes_it_at_the_next_start(
    fake: FakeTelegram, studio: Studio, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, access = Somebody(fake), Access(TOKEN, fake.url)
    died = asyncio.Event()

    async def die(self: TopUps, paid: object) -> None:
        died.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("adapters.telegram.door._GRACE_S", 0.01)
    async with opened(TelegramDoor(access, conversation)):
        payload = fake.find_payload(await order(ada))
        with monkeypatch.context() as patch:
            patch.setattr(TopUps, "take", die)
            fake.charge(ada, payload, 50)
            fake.charges.clear()  # so that only the update can tell
            await died.wait()
    assert await count_points(studio) == 100
    after = len(ada.chat.messages)
    async with opened(TelegramDoor(access, conversation)):
        assert "100 points are yours" in read(await ada.hear(after))
    assert await count_points(studio) == 200


async def test_payments_that_telegram_never_told_are_taken_at_the_start_and_refunded_ones_are_not(
    fake: FakeTelegram, studio: Studio, conversation: Conversation
) -> None:
    ada, access = Somebody(fake), Access(TOKEN, fake.url)
    async with opened(TelegramDoor(access, conversation)):
        lost, gone = [fake.find_payload(await order(ada)) for _ in range(2)]
    fake.charge(ada, lost, 50, is_told=False)
    charge, _ = fake.charge(ada, gone, 50, is_told=False)
    for _ in range(99):  # the next page of transactions
        fake.charges.append({"id": "gift", "amount": 1, "date": 1, "source": {"type": "other"}})
    async with open_cashier(access) as cashier:
        await cashier.pay_back("1001", charge)
    for times in (1, 2):
        async with opened(TelegramDoor(access, conversation)):
            await fake.wait_for("getStarTransactions", 1 + 2 * times)
            await ada.ask("/points")
    assert await count_points(studio) == 200
    fake.fail("getStarTransactions", 404, "Not Found: method not found")
    async with opened(TelegramDoor(access, conversation)):
        assert "200 points" in read(await ada.ask("/points"))


async def test_a_refund_takes_the_points_pays_back_once_and_tells_the_person(
    ada: Somebody, fake: FakeTelegram, studio: Studio
) -> None:
    payload = fake.find_payload(await order(ada))
    after = len(ada.chat.messages)
    charge, _ = fake.charge(ada, payload, 50)
    await ada.hear(after + 1)
    async with open_cashier(Access(TOKEN, fake.url)) as cashier:
        fake.fail("refundStarPayment", 502, "Bad Gateway", times=3)
        with pytest.raises(UnavailableError, match="to go on"):
            await studio.refunds.refund(ADMIN, charge, cashier)
        await cashier.pay_back("1001", charge)  # the answer to that got lost, say
        await studio.refunds.refund(ADMIN, charge, cashier)
        with pytest.raises(ConflictError):
            await studio.refunds.refund(ADMIN, charge, cashier)
        with pytest.raises(RefusedError, match="harge_not_found"):
            await cashier.pay_back("1001", "stx-of-another-bot")
    assert [c["id"] for c in fake.charges] == [charge, charge]
    assert await count_points(studio) == 100
    assert "Telegram Stars paid back (paid back)" in read(await ada.ask("/statement"))
    assert "Your 50 ⭐ were paid back" in read(await ada.ask("/inbox"))
    assert (await studio.reconciler.reconcile()).is_sound


async def test_an_invoice_asked_for_in_a_group_comes_to_the_person_alone(
    ada: Somebody, fake: FakeTelegram
) -> None:
    await ada.ask("/start")
    group, after = make_group(fake), len(ada.chat.messages)
    ada.say("/topup 500", group)
    shown = await hear_invoice(ada, after)
    assert shown["invoice"]["total_amount"] == 250


async def test_other_doors_say_where_points_are_sold_and_nobody_sells_without_packages(
    ada: Somebody, studio: Studio, conversation: Conversation
) -> None:
    await ada.ask("/start")
    terminal = Person(conversation, name="ben", locale="de")
    answer = expect_reply(await terminal.ask("topup"), "Punkte werden auf Telegram verkauft")
    assert answer.links[0].url.startswith("https://t.me/") and answer.invoice is None
    find_button(await terminal.ask("points"), "Punkte kaufen")
    studio.top_ups.tills.clear()
    closed = await Person(conversation, name="cleo").ask("topup")
    assert isinstance(closed, Reply) and "An admin can give you some" in closed.text


async def test_an_operator_lists_payments_and_pays_one_back_on_the_command_line(
    ada: Somebody,
    fake: FakeTelegram,
    studio: Studio,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    payload = fake.find_payload(await order(ada))
    after = len(ada.chat.messages)
    charge, _ = fake.charge(ada, payload, 50)
    await ada.hear(after + 1)
    with pytest.raises(RefusedError, match="TRAINYARD_TELEGRAM_TOKEN"):
        await pay_back(settings, charge)
    access = {"telegram_token": SecretStr(TOKEN), "telegram_api_url": fake.url}
    chosen = settings.model_copy(update=access)
    account, _ = await studio.accounts.first_contact("telegram", "1001", "Ada")
    await list_payments(chosen, account.id, 20)
    assert (await pay_back(chosen, charge)).stars == 50
    await list_payments(chosen, "", 20)
    before, now = capsys.readouterr().out.splitlines()
    assert "credited" in before and "paid back" in now and account.id in now and charge in now
    assert await count_points(studio) == 100
