"""The vocabulary of a conversation: what can be asked for, and what is answered; no platform is known here.

Every text is plain: an adapter escapes it for its platform. Every button is a command with some
arguments bound, carried in at most 64 bytes, so it works after a restart and on every platform.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bots.replies import (
    Button,
    Fact,
    File,
    Invoice,
    Link,
    Reply,
    Scalar,
    Style,
    Table,
    Tone,
)
from bots.wording import Words
from core.accounts.records import Account, Principal
from core.conversations.service import Spot
from core.datasets.records import Source
from core.studio import Studio

__all__ = [
    "Answer",
    "Args",
    "Button",
    "Choice",
    "Command",
    "Context",
    "Fact",
    "File",
    "Invoice",
    "Kind",
    "Limits",
    "Link",
    "Param",
    "Picture",
    "Question",
    "Reply",
    "Scalar",
    "Style",
    "Table",
    "Tone",
    "command",
]
ASKED_SURE = "sure"
"""Stands for the parameter that a draft waits for when it waits for yes or no."""


class Kind(StrEnum):
    """What a parameter takes; a platform chooses its widget by it."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    IMAGES = "images"
    TOGGLE = "toggle"


@dataclass(frozen=True)
class Choice:
    """One thing to choose: the value that is bound, and the words that people see.

    `keys` are other ways to type it, such as its number in a list.
    """

    value: str
    label: str
    detail: str = ""
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """Bounds of a number (`least`, `most`, `whole`), or of a text's length in characters."""

    least: float | None = None
    most: float | None = None
    whole: bool = True
    characters: int = 1000


@dataclass(frozen=True)
class Picture:
    """A picture that somebody sent. `open` streams it, and core caps the stream.

    `reference` is all that the platform needs to fetch it once more, after a restart too.
    """

    filename: str
    open: Callable[[], AsyncIterator[bytes]]
    source: Source = Source.UPLOAD
    reference: str = ""
    caption: str = ""
    """What was written beside it."""


@dataclass(frozen=True)
class Args:
    """Checked arguments: each scalar in its parameter's type, and the pictures."""

    values: Mapping[str, Scalar]
    pictures: tuple[Picture, ...] = ()

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        return str(self.values.get(name, default))


@dataclass(frozen=True)
class Context:
    """Who asks, where, in which language, and all that a command may use."""

    studio: Studio
    principal: Principal
    account: Account
    spot: Spot
    words: Words
    key: str
    """The idempotency key of this request: the same button pressed twice carries the same one."""
    catalogue: Sequence["Command"] = ()
    progress: Callable[[str], Awaitable[None]] | None = None
    """Shows how far a long answer has come, where the platform can."""
    openings: Mapping[str, str] = field(default_factory=dict)
    """Where a link's code can be opened, by platform: an address to which the code is added."""

    async def tell(self, text: str) -> None:
        """Show progress if anybody can see it."""
        if self.progress is not None:
            await self.progress(text)


ChoiceSource = Callable[[Context, Args, str], Awaitable[Sequence[Choice]]]


@dataclass(frozen=True)
class Param:
    """Something that a command must or may know. `ask` is the question, in catalogue English.

    A hidden one is never asked and only buttons bind it; `when` says whether it is needed at all
    after what is known; `takes_only` takes the only choice there is without asking. A `named` one is
    typed as `name=value` only, never by its place in a line.
    """

    name: str
    ask: str
    kind: Kind = Kind.TEXT
    choices: ChoiceSource | None = None
    required: bool = True
    limits: Limits = Limits()
    hidden: bool = False
    takes_only: bool = False
    named: bool = False
    example: str = ""
    when: Callable[[Context, Args], bool] = lambda context, args: True
    empty: str = ""
    """What to say when there is nothing to choose; `start` is the command that makes something."""
    start: str = ""
    check: Callable[[Context, Args, Scalar], Awaitable[None]] | None = None
    """Raises InvalidError for a value that core would refuse, while it can still be asked again."""


@dataclass(frozen=True)
class Question:
    """What must be known before a command can run; the next message or a button answers it.

    `problem` says why the last answer would not do. A choice has a button for each of its choices.
    """

    title: str
    text: str
    param: Param
    choices: tuple[Choice, ...] = ()
    buttons: tuple[Button, ...] = ()
    problem: str = ""
    private: bool = True
    command: str = ""
    """Whose question it is, for completion and forms."""
    known: Mapping[str, Scalar] = field(default_factory=dict)
    """What was answered before."""


Answer = Reply | Question
Run = Callable[[Context, Args], Awaitable[Reply]]


@dataclass(frozen=True)
class Command:
    """Something people can ask for. With `confirm` its reply is shown before, and yes runs it.

    `stays` keeps the conversation at its pictures: whatever is sent next belongs to it as well.
    """

    path: str
    summary: str
    params: tuple[Param, ...]
    run: Run
    confirm: Run | None = None
    stays: bool = False
    private: bool = True
    yes: str = ""
    """The label of the button that confirms, in catalogue English."""

    def find_param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)

    @property
    def images(self) -> Param | None:
        return next((param for param in self.params if param.kind is Kind.IMAGES), None)


def command(
    path: str,
    summary: str,
    *params: Param,
    confirm: Run | None = None,
    yes: str = "",
) -> Callable[[Run], Command]:
    """Make a command of the function that runs it. One with pictures stays with them."""

    def make(run: Run) -> Command:
        stays = any(param.kind is Kind.IMAGES for param in params)
        return Command(path, summary, params, run, confirm, stays=stays, yes=yes)

    return make
