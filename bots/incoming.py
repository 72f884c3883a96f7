"""What comes in from a platform; apart because adapters make it and the engine reads it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bots.dialog import Picture
from core.conversations.service import Spot


@dataclass(frozen=True)
class Incoming:
    """One thing that somebody did: a command with arguments, a text, a button or pictures.

    `reopen` fetches a picture once more by its reference, for conversations longer than a message.
    """

    spot: Spot
    display_name: str
    locale: str = ""
    command: str = ""
    args: Mapping[str, JsonValue] = field(default_factory=dict)
    text: str = ""
    button: str = ""
    pictures: tuple[Picture, ...] = ()
    reopen: Callable[[str, str], Picture] | None = None
    progress: Callable[[str], Awaitable[None]] | None = None
