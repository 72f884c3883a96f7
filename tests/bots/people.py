"""Somebody who talks to the bot, as a platform's adapter would let them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from bots.conversation import Conversation
from bots.dialog import Answer, Button, Picture, Question, Reply
from bots.incoming import Incoming
from core.accounts.records import Principal
from core.conversations.service import Spot
from tests.worker.people import draw_flag

FLAGS = {f"flag {index}": draw_flag(index) for index in range(6)}


def make_picture(reference: str, body: bytes | None = None) -> Picture:
    """Make a picture as somebody sends it; its reference fetches it once more."""

    async def stream() -> AsyncIterator[bytes]:
        yield body if body is not None else FLAGS[reference]

    return Picture(filename=f"{reference}.png", open=stream, reference=reference)


@dataclass
class Person:
    """One person in one place."""

    conversation: Conversation
    name: str = "mira"
    place: str = "home"
    platform: str = "test"
    locale: str = "en"
    heard: list[str] = field(default_factory=list)

    @property
    def spot(self) -> Spot:
        return Spot(platform=self.platform, external_id=self.name, place=self.place)

    async def ask(self, command: str, *pictures: Picture, **args: JsonValue) -> Answer:
        """Give a command with its arguments, as a form does."""
        return await self._send(command=command, args=args, pictures=pictures)

    async def type(self, text: str) -> Answer:
        return await self._send(text=text)

    async def send(self, *references: str) -> Answer:
        """Send pictures without a word."""
        return await self._send(pictures=tuple(map(make_picture, references)))

    async def press(self, button: Button | str) -> Answer:
        data = button.data if isinstance(button, Button) else button
        return await self._send(button=data)

    def make_incoming(self, **what: object) -> Incoming:
        async def progress(text: str) -> None:
            self.heard.append(text)

        return Incoming(
            spot=self.spot,
            display_name=self.name,
            locale=self.locale,
            reopen=lambda filename, reference: make_picture(reference),
            progress=progress,
            **what,  # type: ignore[arg-type]  # each is named by one of the methods above
        )

    async def _send(self, **what: object) -> Answer:
        answer = await self.conversation.handle(self.make_incoming(**what))
        for button in answer.buttons:
            assert 1 <= len(button.data.encode()) <= 64, button
        return answer

    async def meet(self) -> Principal:
        """Return who this person is for the core."""
        studio = self.conversation.studio
        account, _ = await studio.accounts.first_contact(self.platform, self.name, self.name)
        return studio.accounts.speak_for(account)


def find_button(answer: Answer, label: str) -> Button:
    """Return the button with this label."""
    found = [button for button in answer.buttons if button.label == label]
    assert found, f"{label!r} is not among {[button.label for button in answer.buttons]}"
    return found[0]


def expect_reply(answer: Answer, title: str = "") -> Reply:
    """Assert that this is a reply whose title holds these words."""
    assert isinstance(answer, Reply), answer
    assert title in answer.title, (answer.title, answer.text)
    return answer


def expect_question(answer: Answer, param: str, problem: str = "") -> Question:
    """Assert that this asks for a parameter, for this reason."""
    assert isinstance(answer, Question), answer
    assert answer.param.name == param, answer
    assert problem in answer.problem and bool(problem) == bool(answer.problem), answer.problem
    return answer


Meet = Callable[..., Person]
