"""News that is sent: with buttons that work, once to each platform, and whatever a platform answers."""

from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from bots.conversation import Conversation
from bots.delivery import deliver_next
from bots.dialog import Reply
from core.errors import UnavailableError, UndeliverableError
from core.notifications.records import NewsKind
from core.records import PageRequest
from core.studio import Studio
from tests.bots.people import Person, expect_reply, find_button


@dataclass
class Mailbox:
    """Takes what is sent to it, or answers with these errors first."""

    platform: str
    answers: list[Exception] = field(default_factory=list)
    sent: list[tuple[str, Reply, str]] = field(default_factory=list)

    async def send(self, external_id: str, reply: Reply, nonce: str) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.sent.append((external_id, reply, nonce))


async def tell(studio: Studio, person: Person) -> None:
    mira = await person.meet()
    data: dict[str, JsonValue] = {"platforms": ["test", "telegram"]}
    await studio.notifications.tell(mira.account, "one", NewsKind.ACCOUNTS_LINKED, data)


async def test_news_arrives_once_with_buttons_that_work(
    studio: Studio, conversation: Conversation, mira: Person
) -> None:
    await tell(studio, mira)
    mailbox = Mailbox("test")
    assert await deliver_next(studio, conversation, {"test": mailbox})
    assert not await deliver_next(studio, conversation, {"test": mailbox})
    [(name, reply, nonce)] = mailbox.sent
    assert (name, reply.title) == ("mira", "You are one person now")
    assert reply.facts[0].value == "test and Telegram"
    assert 1 <= len(nonce) <= 25
    expect_reply(await mira.press(find_button(reply, "Who am I?")), "mira")


@pytest.mark.parametrize(
    "error", [UndeliverableError("Their messages are closed."), UnavailableError("Busy.")]
)
async def test_what_a_platform_refuses_stands_in_the_inbox(
    studio: Studio, conversation: Conversation, mira: Person, error: Exception
) -> None:
    await tell(studio, mira)
    mailbox = Mailbox("test", [error])
    assert await deliver_next(studio, conversation, {"test": mailbox})
    assert not await deliver_next(studio, conversation, {"test": mailbox}) and not mailbox.sent
    page = await studio.notifications.list_own(await mira.meet(), PageRequest())
    is_final = isinstance(error, UndeliverableError)
    assert (page.items[0].due_at is None) is is_final
    expect_reply(await mira.type("/inbox"), "You are one person now")


async def test_a_platform_that_is_down_keeps_no_other_from_its_news(
    studio: Studio, conversation: Conversation, mira: Person
) -> None:
    await tell(studio, mira)
    ben = Person(conversation, name="ben")
    await tell(studio, ben)
    mailbox = Mailbox("test", [RuntimeError("a defect of an adapter")])
    while await deliver_next(studio, conversation, {"test": mailbox}):
        pass
    assert [name for name, _, _ in mailbox.sent] == ["ben"]


async def test_people_choose_where_their_news_goes(
    studio: Studio, conversation: Conversation, mira: Person
) -> None:
    reply = expect_reply(await mira.type("/notifications"), "Where your news is sent")
    stopped = expect_reply(await mira.press(find_button(reply, "Stop on test")))
    assert ("test", "no") in [(fact.name, fact.value) for fact in stopped.facts]
    await tell(studio, mira)
    mailbox = Mailbox("test")
    assert not await deliver_next(studio, conversation, {"test": mailbox}) and not mailbox.sent
    again = expect_reply(await mira.press(find_button(stopped, "Send on test")))
    assert ("test", "yes") in [(fact.name, fact.value) for fact in again.facts]
