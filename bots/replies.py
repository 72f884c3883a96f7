"""The answering half of the vocabulary: what a reply is made of, for a platform to render."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Scalar = str | int | float | bool


class Tone(StrEnum):
    """How a reply is meant, for colour and icon."""

    PLAIN = "plain"
    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


class Style(StrEnum):
    """How a button is meant."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True)
class Button:
    """A command with some arguments bound. `ask` names a parameter to ask although it is optional.

    `data` is what a platform sends back when it is pressed; the engine fills it in.
    """

    label: str
    command: str
    args: Mapping[str, Scalar] = field(default_factory=dict)
    style: Style = Style.PLAIN
    ask: str = ""
    data: str = ""


@dataclass(frozen=True)
class Fact:
    """A name and its value."""

    name: str
    value: str


@dataclass(frozen=True)
class File:
    """Bytes to show or to hand over, streamed when a platform wants them."""

    name: str
    content_type: str
    size_bytes: int
    open: Callable[[], AsyncIterator[bytes]]
    caption: str = ""
    link: Callable[[], Awaitable[str]] | None = None
    """Makes an address to fetch it from, where a platform does not carry files of this size."""


@dataclass(frozen=True)
class Link:
    """An address to open."""

    label: str
    url: str


@dataclass(frozen=True)
class Invoice:
    """Something to pay, in Telegram Stars: the id that comes back with the payment, and how much."""

    id: str
    stars: int


@dataclass(frozen=True)
class Table:
    """Rows of short texts; the first column names the row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Intake:
    """What became of pictures: how many are new or known in a dataset, and why some were refused.

    Those of pictures that came one by one can be told as one.
    """

    dataset: str
    added: int
    known: int
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """What is answered. `private` is for the person alone, wherever the platform can do that."""

    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    table: Table | None = None
    images: tuple[File, ...] = ()
    files: tuple[File, ...] = ()
    links: tuple[Link, ...] = ()
    buttons: tuple[Button, ...] = ()
    tone: Tone = Tone.PLAIN
    private: bool = True
    follows: str = ""
    """The training or generation that this shows: a platform that can edits it as that goes on."""
    intake: Intake | None = None
    invoice: Invoice | None = None
    """To be paid: title and text say for what. Only where the platform takes money."""
