"""People on Telegram: what they do reaches the bot as updates, what it sends is all that they see."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from typing import Any

from tests.adapters.telegram.chats import ME, Chat
from tests.adapters.telegram.fake import FakeTelegram
from tests.adapters.telegram.refusals import Json

ANSWER_S = 20.0


class Somebody:
    """One person, with a chat of their own with the bot, and perhaps groups."""

    def __init__(
        self, fake: FakeTelegram, number: int = 1001, name: str = "Ada", language: str = "en"
    ) -> None:
        self.fake = fake
        self.me: Json = {
            "id": number,
            "is_bot": False,
            "first_name": name,
            "language_code": language,
        }
        self.chat = fake.chats.setdefault(number, Chat(number))

    def say(self, text: str, chat: Chat | None = None, **more: Any) -> Json:
        """Send a text."""
        return self._send(chat, text=text, entities=_find_entities(text), **more)

    def send_file(
        self, name: str, body: bytes, caption: str = "", album: str = "", chat: Chat | None = None
    ) -> Json:
        """Send a file as it is."""
        document = {**self.fake.keep(body, name), "mime_type": "application/octet-stream"}
        return self._send(chat, document=document, **_describe(caption, album))

    def send_photo(self, body: bytes, caption: str = "", album: str = "") -> Json:
        """Send a photo; Telegram keeps a small and a large one."""
        sizes = [
            {**self.fake.keep(b, ""), "width": w, "height": w} for w, b in ((90, b"x"), (800, body))
        ]
        for size in sizes:
            del size["file_name"]
        return self._send(None, photo=sizes, **_describe(caption, album))

    def send_album(self, pictures: Sequence[tuple[str, bytes]], caption: str = "") -> None:
        """Send files as one album; only the first has the caption."""
        album = secrets.token_hex(8)
        for number, (name, body) in enumerate(pictures):
            self.send_file(name, body, "" if number else caption, album)

    def edit(self, message: Json, text: str) -> None:
        """Change a text that was sent."""
        self.fake.push(edited_message={**message, "text": text, "edit_date": message["date"] + 1})

    def press(self, message: Json, label: str, query: str = "") -> int:
        """Press the button with this label under a message; return the update's number."""
        found = [b for b in list_buttons(message) if b["text"] == label]
        assert found, f"{label!r} is not among {[b['text'] for b in list_buttons(message)]}"
        return self.fake.push(
            callback_query={
                "id": query or secrets.token_hex(8),
                "from": self.me,
                "message": {k: v for k, v in message.items() if k != "shown"},
                "chat_instance": "1",
                "data": found[0]["callback_data"],
            }
        )

    async def hear(self, after: int, chat: Chat | None = None) -> Json:
        """Wait for the answer behind the first `after` messages; return its last message."""
        chat = chat or self.chat
        async with asyncio.timeout(ANSWER_S):
            while True:
                for message in chat.messages[after:]:
                    if message["from"] == ME and _ends_answer(message):
                        return message
                chat.changed.clear()
                await chat.changed.wait()

    async def ask(self, text: str, chat: Chat | None = None) -> Json:
        """Say something and return the answer."""
        after = len((chat or self.chat).messages)
        self.say(text, chat)
        return await self.hear(after + 1, chat)

    async def push(self, message: Json, label: str) -> Json:
        """Press a button and return the answer."""
        after = len(self.chat.messages)
        self.press(message, label)
        return await self.hear(after)

    def block(self) -> None:
        """Have nothing to do with the bot any more."""
        self.chat.is_open = False

    def _send(self, chat: Chat | None, **content: Any) -> Json:
        chat = chat or self.chat
        if chat is self.chat:
            chat.is_open = True
        message = self.fake.add_message(chat, self.me, **content)
        self.fake.push(message=message)
        return message


def make_group(fake: FakeTelegram, number: int = -5005) -> Chat:
    """Make a group of which the bot is a member."""
    group = fake.chats[number] = Chat(number, "supergroup", "Painters", is_open=True)
    return group


def list_buttons(message: Json) -> list[Json]:
    """List the buttons under a message."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def read(message: Json) -> str:
    """Return all that is seen of a message, a thing a line; what stands in columns as words."""
    text = message.get("text") or message.get("caption") or ""
    lines = [re.sub(r" {2,}", "  ", line).rstrip() for line in text.splitlines()]
    lines += [message["shown"]] if "shown" in message else []
    for button in list_buttons(message):
        lines.append(
            f"{button['text']}: {button['url']}" if "url" in button else f"[{button['text']}]"
        )
    return "\n".join(line for line in lines if line)


def _ends_answer(message: Json) -> bool:
    """Say whether an answer ends here: pictures and files that come before have no buttons."""
    return "text" in message or "reply_markup" in message


def _describe(caption: str, album: str) -> Json:
    found: Json = {"media_group_id": album} if album else {}
    if caption:
        found |= {"caption": caption, "caption_entities": _find_entities(caption)}
    return found


def _find_entities(text: str) -> list[Json]:
    """Mark a command at the beginning, as clients do."""
    match = re.match(r"/\w+(@\w+)?", text)
    return [{"type": "bot_command", "offset": 0, "length": match.end()}] if match else []
