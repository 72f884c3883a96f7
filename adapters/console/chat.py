"""One person at a terminal: a typed line becomes an Incoming, and news is told while they type."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from adapters.console.pictures import find_pictures, looks_like_pictures, open_picture
from adapters.console.screen import Screen
from bots.announcements import announce
from bots.conversation import Conversation
from bots.dialog import Answer, Button, Choice, Kind, Question
from bots.failures import explain
from bots.incoming import Incoming
from bots.wording import Words, draw_bar
from core.accounts.records import Account
from core.conversations.service import Spot
from core.errors import TrainyardError
from core.jobs.records import Progress
from core.notifications.records import Notification
from core.ports import Event
from core.studio import Studio

PLATFORM = "local"
"""The same as for tokens made on the command line, so both speak for one account."""


@dataclass(frozen=True)
class Seat:
    """Who sits at the terminal, and where their paths begin."""

    name: str
    locale: str
    folder: Path


class Chat:
    """Holds what the terminal shows: the last answer's buttons, and how far trainings are."""

    def __init__(
        self, studio: Studio, conversation: Conversation, seat: Seat, screen: Screen
    ) -> None:
        self._studio = studio
        self._conversation = conversation
        self._seat = seat
        self._screen = screen
        self._last: Answer | None = None
        self._met = asyncio.Event()
        self.hears = asyncio.Event()
        """Set once news would be heard."""
        self.words = Words(seat.locale)
        self.progress: dict[str, str] = {}
        """What each training that runs has come to, by its id."""
        self.on_change: Callable[[], None] = lambda: None

    @property
    def last(self) -> Answer | None:
        return self._last

    async def take(self, line: str) -> Answer:
        """Do what a typed line means and show the answer."""
        try:
            incoming = self._read(line)
            answer = await self._conversation.handle(incoming)
        except TrainyardError as error:  # a path that leads nowhere
            answer = await self._conversation.seal("", explain(self.words, error))
        self._last = answer
        self._met.set()
        self.words = Words((await self._find_account()).locale)
        await self._screen.show(answer)
        return answer

    def _read(self, line: str) -> Incoming:
        """Tell a button, pictures and text apart. Raises NotFoundError for a path that leads nowhere."""
        line = line.strip()
        button = self._find_button(line)
        if button is not None:
            return self._make(button=button.data)
        places = looks_like_pictures(line, self._seat.folder)
        if places:
            return self._make(pictures=tuple(find_pictures(places, self._seat.folder)))
        asks_text = isinstance(self._last, Question) and not line.startswith("/")
        command = None if asks_text else self._conversation.catalogue.parse_line(line)
        if command is None:
            return self._make(text=line)
        pictures = find_pictures(command.rest, self._seat.folder) if command.rest else []
        taken = tuple(pictures) if command.command.images is not None else ()
        return self._make(command=command.command.path, args=dict(command.args), pictures=taken)

    def _find_button(self, line: str) -> Button | None:
        """Find the button that a number or a label means. Where a number is asked, numbers are answers."""
        if self._last is None:
            return None
        labelled = [b for b in self._last.buttons if b.label.casefold() == line.casefold()]
        if labelled:
            return labelled[0]
        asks_freely = isinstance(self._last, Question) and not self._last.choices
        if asks_freely or not line.isascii() or not line.isdigit():
            return None
        number = int(line[:4])
        return self._last.buttons[number - 1] if 1 <= number <= len(self._last.buttons) else None

    def _make(self, **what: object) -> Incoming:
        spot = Spot(platform=PLATFORM, external_id=self._seat.name, place="terminal")
        return Incoming(
            spot=spot,
            display_name=self._seat.name,
            locale=self._seat.locale,
            reopen=open_picture,
            progress=self._tell_progress,
            **what,  # type: ignore[arg-type]  # each is named by one of the callers above
        )

    async def _tell_progress(self, text: str) -> None:
        self.progress["answer"] = text
        self.on_change()

    async def suggest(self, command: str, param: str, typed: str) -> list[Choice]:
        """List what could be meant, for completion."""
        return await self._conversation.suggest(self._make(), command, param, typed)

    def list_paths(self) -> list[tuple[str, str]]:
        """List every command with its summary."""
        return [(c.path, c.summary) for c in self._conversation.catalogue.commands.values()]

    def list_params(self, path: str) -> list[str]:
        """List the parameters of a command in their order, as far as they are typed."""
        command = self._conversation.catalogue.commands[path]
        return [p.name for p in command.params if not p.hidden and p.kind is not Kind.IMAGES]

    @asynccontextmanager
    async def hear_news(self) -> AsyncIterator[None]:
        """Tell news and progress as they happen, while the context lasts."""
        listening = asyncio.ensure_future(self._listen())
        try:
            yield
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self) -> None:
        """Listen once somebody has spoken: their first word makes the account, with all that belongs to it."""
        await self._met.wait()
        account = await self._find_account()
        async with self._studio.events.subscribe(f"account:{account.id}") as events:
            self.hears.set()
            async for event in events:
                if event.kind == "training":
                    self._note_progress(event)
                elif event.kind == "notification":
                    await self._tell_news(Notification.model_validate(event.data))
                self.on_change()

    async def _find_account(self) -> Account:
        name = self._seat.name
        account, _ = await self._studio.accounts.first_contact(PLATFORM, name, name)
        return account

    def _note_progress(self, event: Event) -> None:
        job, progress = str(event.data["id"]), event.data["progress"]
        status = str(event.data["status"])
        if status not in ("preparing", "running", "finishing") or not isinstance(progress, dict):
            self.progress.pop(job, None)
            return
        shown = Progress.model_validate(progress)
        share = shown.step / shown.total_steps if shown.total_steps else 0.0
        self.progress[job] = f"{draw_bar(share)} {share:.0%}"

    async def _tell_news(self, news: Notification) -> None:
        account = await self._find_account()
        principal = self._studio.accounts.speak_for(account)
        reply = await announce(self._studio, principal, Words(account.locale), news)
        sealed = await self._conversation.seal(principal.account, reply)
        if not isinstance(self._last, Question):  # buttons of an open question stay in reach
            self._last = sealed
        await self._screen.show(sealed, sign="★ ")
