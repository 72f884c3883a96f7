"""What Telegram refuses: messages that are too long, broken HTML, keyboards that cannot be; as its errors say it."""

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]  # what JSON holds is checked where it is used
_TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "a"})
_PUBLIC = re.compile(r"(https?|tg)://([^/:]+\.[^/:]+|[a-z]+)(:\d+)?(/.*|\?.*)?")


class RefusalError(Exception):
    """What the server answers instead of a result."""

    def __init__(self, status: int, description: str, retry_after: int = 0) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.retry_after = retry_after


def refuse(description: str) -> RefusalError:
    return RefusalError(400, f"Bad Request: {description}")


def read_text(text: str, mode: str | None, most: int) -> str:
    """Return what people see of a text. Raises RefusalError when it cannot be shown."""
    plain = parse_html(text) if mode == "HTML" else text
    if len(plain.encode("utf-16-le")) // 2 > most:
        raise refuse("message is too long" if most > 1024 else "message caption is too long")
    return plain


def parse_html(text: str) -> str:
    """Take the tags out of HTML. Raises RefusalError for tags that are unknown or cross each other."""
    open_tags: list[str] = []
    plain = []
    for piece in re.split(r"(<[^<>]*>)", text):
        if not piece.startswith("<") or not piece.endswith(">"):
            if "<" in piece or ">" in piece:
                raise refuse("can't parse entities: unescaped angle bracket")
            plain.append(html.unescape(piece))
            continue
        name = piece.strip("</>").split(" ")[0]
        if name not in _TAGS:
            raise refuse(f'can\'t parse entities: Unsupported start tag "{name}"')
        if not piece.startswith("</"):
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            raise refuse("can't parse entities: unexpected end tag")
    if open_tags:
        raise refuse("can't parse entities: can't find end tag")
    return "".join(plain)


def check_keyboard(markup: Mapping[str, Any]) -> None:
    """Raise RefusalError for a keyboard that Telegram does not take."""
    rows: Sequence[Sequence[Json]] = markup.get("inline_keyboard", [])
    if sum(len(row) for row in rows) > 100 or any(len(row) > 8 for row in rows):
        raise refuse("reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise refuse("inline keyboard button text must be non-empty")
        if "pay" in button:
            continue
        if "url" in button:
            if not _PUBLIC.fullmatch(button["url"]):
                raise refuse(f"inline keyboard button URL '{button['url']}' is invalid: Wrong host")
        elif not 1 <= len(button["callback_data"].encode()) <= 64:
            raise refuse("BUTTON_DATA_INVALID")
