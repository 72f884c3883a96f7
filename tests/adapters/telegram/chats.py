"""Chats as the server keeps them; apart because methods and people both need them."""

import asyncio
from dataclasses import dataclass, field

from tests.adapters.telegram.refusals import Json

TOKEN = "4242:AA-fake"
USERNAME = "trainyard_bot"
ME: Json = {"id": 4242, "is_bot": True, "first_name": "Trainyard", "username": USERNAME}


@dataclass
class Chat:
    """A chat as its members see it."""

    id: int
    type: str = "private"
    title: str = ""
    messages: list[Json] = field(default_factory=list)
    is_open: bool = False
    """Whether the bot may write here: the person pressed Start, or it is a member of the group."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def describe(self) -> Json:
        name = {"title": self.title} if self.title else {}
        return {"id": self.id, "type": self.type, **name}
