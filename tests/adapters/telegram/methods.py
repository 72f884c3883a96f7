"""What the bot does in chats: the methods of the Bot API that send, edit and fetch."""

import json
import time
from collections import defaultdict
from typing import Any

from tests.adapters.telegram.chats import ME, Chat
from tests.adapters.telegram.refusals import (
    Json,
    RefusalError,
    check_keyboard,
    read_text,
    refuse,
)

MAX_GET_FILE_BYTES = 20 * 1024 * 1024


class Methods:
    """The state of all chats, and what a bot can do there; a handler is named after its method."""

    def __init__(self) -> None:
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self.commands: dict[str, list[Json]] = {}
        self.answered: list[Json] = []
        """What buttons were told, by answerCallbackQuery."""
        self.reads_all = False
        self._numbers: dict[int, int] = defaultdict(int)

    async def _do_getme(self, given: Json) -> Json:
        return {**ME, "can_join_groups": True, "can_read_all_group_messages": self.reads_all}

    async def _do_setmycommands(self, given: Json) -> bool:
        commands = json.loads(given["commands"])
        if len(commands) > 100:
            raise refuse("too many commands")
        for command in commands:
            name = command["command"]
            if not 1 <= len(name) <= 32 or name != name.lower() or not name.isidentifier():
                raise refuse("BOT_COMMAND_INVALID")
            if not 1 <= len(command["description"]) <= 256:
                raise refuse("BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[given.get("language_code", "")] = commands
        return True

    async def _do_getmycommands(self, given: Json) -> list[Json]:
        return self.commands.get(given.get("language_code", ""), [])

    async def _do_sendchataction(self, given: Json) -> bool:
        self._find_chat(given)
        return True

    async def _do_sendmessage(self, given: Json) -> Json:
        text = read_text(given.get("text", ""), given.get("parse_mode"), 4096)
        if not text.strip():
            raise refuse("message text is empty")
        return self._show(given, text=text)

    async def _do_sendphoto(self, given: Json) -> Json:
        if len(given["photo"]) > 10_000_000:
            raise RefusalError(413, "Request Entity Too Large")
        return self._show(
            given,
            photo=[self._keep_photo(given["photo"])],
            caption=read_text(given.get("caption", ""), given.get("parse_mode"), 1024),
            shown=given["photo:name"],
        )

    async def _do_senddocument(self, given: Json) -> Json:
        if len(given["document"]) > 50_000_000:
            raise RefusalError(413, "Request Entity Too Large")
        document = self.keep(given["document"], given["document:name"])
        caption = read_text(given.get("caption", ""), given.get("parse_mode"), 1024)
        return self._show(given, document=document, caption=caption, shown=given["document:name"])

    async def _do_sendmediagroup(self, given: Json) -> list[Json]:
        media = json.loads(given["media"])
        if not 2 <= len(media) <= 10:
            raise refuse("wrong number of media")
        names = [medium["media"].removeprefix("attach://") for medium in media]
        return [
            self._show(
                given,
                photo=[self._keep_photo(given[name])],
                caption=read_text(medium.get("caption", ""), medium.get("parse_mode"), 1024),
                shown=given[f"{name}:name"],
            )
            for medium, name in zip(media, names, strict=True)
        ]

    async def _do_editmessagetext(self, given: Json) -> Json:
        text = read_text(given["text"], given.get("parse_mode"), 4096)
        return self._edit(given, text=text)

    async def _do_editmessagecaption(self, given: Json) -> Json:
        return self._edit(given, caption=read_text(given["caption"], given.get("parse_mode"), 1024))

    async def _do_editmessagereplymarkup(self, given: Json) -> Json:
        return self._edit(given)

    async def _do_answercallbackquery(self, given: Json) -> bool:
        if given["callback_query_id"].startswith("old"):
            raise refuse("query is too old and response timeout expired or query ID is invalid")
        if len(given.get("text", "")) > 200:
            raise refuse("MESSAGE_TOO_LONG")
        self.answered.append(given)
        return True

    async def _do_getfile(self, given: Json) -> Json:
        name = given["file_id"]
        if name not in self.files:
            raise refuse("wrong file_id or the file is temporarily unavailable")
        size = len(self.files[name])
        if size > MAX_GET_FILE_BYTES:
            raise refuse("file is too big")
        return {**self._name(name), "file_size": size, "file_path": f"files/{name}"}

    def keep(self, body: bytes, filename: str) -> Json:
        """Keep a file as a document."""
        name = f"file{len(self.files)}"
        self.files[name] = body
        return {**self._name(name), "file_name": filename, "file_size": len(body)}

    def _keep_photo(self, body: bytes) -> Json:
        return {**self.keep(body, ""), "width": 1280, "height": 960}

    def _name(self, name: str) -> Json:
        return {"file_id": name, "file_unique_id": f"u{name}"}

    def _find_chat(self, given: Json) -> Chat:
        chat = self.chats.get(int(given["chat_id"]))
        if chat is None:
            raise refuse("chat not found")
        if not chat.is_open:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _show(self, given: Json, **content: Any) -> Json:
        chat = self._find_chat(given)
        if markup := json.loads(given.get("reply_markup", "null")):
            check_keyboard(markup)
            content["reply_markup"] = markup
        message = self.add_message(chat, ME, **content)
        chat.changed.set()
        return _without_notes(message)

    def _edit(self, given: Json, **content: Any) -> Json:
        chat, number = self._find_chat(given), int(given["message_id"])
        message = next((m for m in chat.messages if m["message_id"] == number), None)
        if message is None or message["from"] != ME:
            raise refuse("message to edit not found")
        markup = json.loads(given.get("reply_markup", "null"))
        check_keyboard(markup or {})
        same = all(message.get(name) == value for name, value in content.items())
        if same and message.get("reply_markup") == markup:
            raise refuse("message is not modified: specified new message content is the same")
        message.update(content, reply_markup=markup, edit_date=int(time.time()))
        chat.changed.set()
        return _without_notes(message)

    def add_message(self, chat: Chat, sender: Json, **content: Any) -> Json:
        """Put a message into a chat."""
        self._numbers[chat.id] += 1
        message = {
            "message_id": self._numbers[chat.id],
            "date": int(time.time()),
            "chat": chat.describe(),
            "from": sender,
            **content,
        }
        chat.messages.append(message)
        return message


def _without_notes(message: Json) -> Json:
    """Return what the API tells of a message: no keyboard that was taken off, no note of ours."""
    return {
        name: value
        for name, value in message.items()
        if name != "shown"
        and not (name == "reply_markup" and not (value or {}).get("inline_keyboard"))
    }
