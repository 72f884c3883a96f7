"""What an update says to this bot, or that it says nothing to it; apart because groups and captions are tricky."""

import re
from dataclasses import dataclass

from telegram import MaybeInaccessibleMessage, Message
from telegram.constants import ChatType

from adapters.telegram.sending import Place
from bots.catalogue import Catalogue, Line

PLATFORM = "telegram"
PAYLOAD = "link_"
"""Begins what a deep link carries: a link's code follows."""
_COMMAND = re.compile(r"/\w+(?:@(\w+))?(?=\s|$)")


@dataclass(frozen=True)
class Said:
    """What a message says to this bot: its words, and the command that they are, if they are one."""

    words: str
    line: Line | None = None

    @property
    def code(self) -> str:
        """The code of a deep link, as /start brings it; empty for anything else."""
        if self.line is None or self.line.command.path != "start" or not self.line.rest:
            return ""
        payload = self.line.rest[0]
        return payload.removeprefix(PAYLOAD) if payload.startswith(PAYLOAD) else ""


def is_group(message: MaybeInaccessibleMessage) -> bool:
    """Say whether others read here."""
    return message.chat.type != ChatType.PRIVATE


def find_place(message: Message) -> Place:
    """Return where the answer to a message goes."""
    topic = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat.id, topic, message.message_id if is_group(message) else None)


def read_message(message: Message, me: str, catalogue: Catalogue) -> Said | None:
    """Return what a message says to this bot; None when it speaks to others, or only happens.

    In a group it speaks to this bot, whose username is `me`, with a command of ours, by naming it,
    or by answering it.
    """
    words = message.text or message.caption or ""
    if not is_group(message):
        line = catalogue.parse_line(words) if words.startswith("/") else None
        return Said(words, line) if message.effective_attachment or words else None
    head = _COMMAND.match(words)
    if head is not None:
        named = head[1] is not None and head[1].lower() == me.lower()
        line = catalogue.parse_line(words) if named or head[1] is None else None
        return Said(words, line) if line is not None or named else None
    name = re.compile(rf"@{re.escape(me)}\b", re.IGNORECASE)
    if name.search(words):
        words = " ".join(name.sub(" ", words).split())
        return Said(words, catalogue.parse_line(words))
    answered = message.reply_to_message
    author = answered.from_user if answered is not None else None
    return Said(words) if author is not None and author.username == me else None
