"""What is kept of a conversation: half-answered commands, and what does not fit a button."""

from pydantic import JsonValue

from core.records import Record, UtcTime


class Draft(Record):
    """A command of which some questions are answered; one for each person in each place."""

    collection = "drafts"
    unique = (("platform", "external_id", "place"),)
    indexed = ("expires_at",)

    platform: str
    external_id: str
    place: str
    """Where it is held, in the platform's own words: a chat, a channel, a terminal."""
    command: str
    args: dict[str, JsonValue]
    asked: str
    """The parameter that the next message answers."""
    expires_at: UtcTime


class Shortcut(Record):
    """What a button stands for when that does not fit 64 bytes; its id is what the button carries.

    One that confirms (`sure`) is a person's word on what they were shown: it expires soon, and its
    id is the idempotency key of what it starts, so that pressing it twice does it once.
    """

    collection = "shortcuts"
    indexed = ("expires_at", "account")

    account: str
    command: str
    args: dict[str, JsonValue]
    sure: bool = False
    expires_at: UtcTime


class Receipt(Record):
    """Something that a platform sent, by the platform's own number; its content until it is finished."""

    collection = "receipts"
    unique = (("platform", "external_id"),)
    indexed = ("expires_at",)
    filtered = ("is_finished",)

    platform: str
    external_id: str
    body: dict[str, JsonValue]
    is_finished: bool = False
    expires_at: UtcTime
