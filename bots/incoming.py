"""What comes in from a platform; apart because adapters make it and the engine reads it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from bots.dialog import Command, Picture
from core.conversations.records import Draft
from core.conversations.service import Spot
from core.datasets.records import Source


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


def note_pictures(pictures: tuple[Picture, ...]) -> JsonValue:
    """Write down, for a draft, all that is needed to fetch pictures once more."""
    kept = [picture for picture in pictures if picture.reference]
    return [[p.filename, p.reference, p.source.value, p.caption] for p in kept]


def take_up_pictures(
    draft: Draft | None, incoming: Incoming, command: Command
) -> tuple[Picture, ...]:
    """Fetch once more the pictures that a draft of this command keeps by their references."""
    images = command.images
    if draft is None or draft.command != command.path or images is None or not incoming.reopen:
        return ()
    kept = draft.args.get(images.name)
    return tuple(
        replace(
            incoming.reopen(str(entry[0]), str(entry[1])),
            source=Source(str(entry[2])),
            caption=str(entry[3]),
        )
        for entry in (kept if isinstance(kept, list) else [])
        if isinstance(entry, list) and len(entry) == 4
    )
