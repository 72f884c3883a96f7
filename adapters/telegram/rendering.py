"""An answer as Telegram shows it: HTML in pieces that fit a message, and a keyboard."""

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bots.dialog import Answer, Button, Link, Question, Reply, Style, Table, Tone
from bots.wording import shorten

MAX_CHARACTERS = 4096
MAX_CAPTION = 1024
MAX_ALERT = 200
_PHONE_WIDTH = 34
"""Characters of fixed width that a telephone shows in a line."""
_ROW_WIDTH = 30
_ROW_BUTTONS = 3
_MAX_BUTTONS = 96
_MAX_LABEL = 60
_ICONS = {Tone.PLAIN: "", Tone.GOOD: "✅ ", Tone.CAUTION: "⚠️ ", Tone.BAD: "❌ "}
_STYLES = {Style.PLAIN: None, Style.PRIMARY: "primary", Style.DANGER: "danger"}
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the direction of whatever follows them."""

Span = tuple[str, str]
"""A text and its tag, or no tag."""
Line = tuple[Span, ...]


def render(answer: Answer, most: int = MAX_CHARACTERS) -> list[str]:
    """Write an answer as HTML, in as many messages as it needs; each has at most `most` characters."""
    lines = _write_question(answer) if isinstance(answer, Question) else _write_reply(answer)
    return _pack(list(lines), most)


def render_keyboard(answer: Answer) -> InlineKeyboardMarkup | None:
    """Lay out the buttons, and the links that a button can open, in rows that a telephone shows."""
    links = answer.links if isinstance(answer, Reply) else ()
    keys = [
        InlineKeyboardButton(_label(link.label), url=link.url)
        for link in links
        if is_public(link.url)
    ]
    keys += [_make_key(button) for button in answer.buttons]
    rows: list[list[InlineKeyboardButton]] = []
    width = _ROW_WIDTH
    for key in keys[:_MAX_BUTTONS]:
        needs = _measure(key.text) + 2
        if not rows or width + needs > _ROW_WIDTH or len(rows[-1]) == _ROW_BUTTONS:
            rows.append([])
            width = 0
        rows[-1].append(key)
        width += needs
    return InlineKeyboardMarkup(rows) if rows else None


def is_public(url: str) -> bool:
    """Say whether Telegram takes this address for a button: not one of this machine alone."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        return ip_address(host).is_global
    except ValueError:
        return parts.scheme in ("http", "https") and "." in host


def _make_key(button: Button) -> InlineKeyboardButton:
    style = _STYLES[button.style]
    return InlineKeyboardButton(_label(button.label), callback_data=button.data, style=style)


def _label(label: str) -> str:
    return shorten(_clean(label).strip() or "…", _MAX_LABEL)


def _write_question(question: Question) -> Iterator[Line]:
    if question.problem:
        yield from _write_text(f"❌ {question.problem}")
    yield ((_clean(question.title), "b"),)
    yield from _write_text(question.text)
    for choice in question.choices:
        if choice.detail:
            yield ((f"{_isolate(choice.label)}: {_isolate(choice.detail)}", ""),)


def _write_reply(reply: Reply) -> Iterator[Line]:
    yield ((f"{_ICONS[reply.tone]}{_clean(reply.title)}", "b"),)
    yield from _write_text(reply.text)
    for fact in reply.facts:
        yield ((f"{_clean(fact.name)}:", "b"), (f" {_isolate(fact.value)}", ""))
    if reply.table is not None:
        yield (("", ""),)
        yield from _write_table(reply.table)
    for link in reply.links:
        if not is_public(link.url):
            yield ((_write_link(link), ""),)


def _write_link(link: Link) -> str:
    return f"{_clean(link.label)}: {_clean(link.url)}"


def _write_text(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        yield ((_clean(line), ""),)


def _write_table(table: Table) -> Iterator[Line]:
    """Write columns where a telephone has room for them, else a paragraph a row."""
    rows = [[_clean(" ".join(cell.split())) for cell in row] for row in table.rows]
    head = [_clean(column) for column in table.columns]
    widths = [max(map(_measure, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) <= _PHONE_WIDTH:
        for row in (head, *rows):
            cells = (cell + " " * (w - _measure(cell)) for cell, w in zip(row, widths, strict=True))
            yield (("  ".join(cells).rstrip(), "pre"),)
        return
    yield (("  ".join(head), "i"),)
    for row in rows:
        first, rest = _link_command(row[0]), "  ".join(_isolate(cell) for cell in row[1:])
        yield ((first, "b"), (f"  {rest}" if rest else "", ""))


def _link_command(text: str) -> str:
    """Write a command so that a touch sends it: `/dataset create` is `/dataset_create` here."""
    return text.replace(" ", "_") if re.fullmatch(r"/[a-z]+( [a-z]+){0,2}", text) else text


def _pack(lines: list[Line], most: int) -> list[str]:
    """Join lines to messages; a line that fits none is cut."""
    while lines and not any(text for text, _ in lines[-1]):
        lines.pop()
    packed: list[list[Line]] = [[]]
    used = 0
    for piece in (piece for line in lines for piece in _cut(line, most)):
        needs = sum(_count(text) for text, _ in piece) + 1
        if used + needs > most + 1:
            packed.append([])
            used = 0
        packed[-1].append(piece)
        used += needs
    return [_join(message) for message in packed]


def _cut(line: Line, most: int) -> Iterator[Line]:
    piece: list[Span] = []
    room = most
    for text, tag in line:
        while _count(text) > room:
            head = _fit(text, room)
            piece.append((head, tag))
            yield tuple(piece)
            text, piece, room = text[len(head) :].lstrip(" "), [], most
        piece.append((text, tag))
        room -= _count(text)
    yield tuple(piece)


def _fit(text: str, room: int) -> str:
    """Return the beginning of a text that fits, up to a space when one is near."""
    end = min(len(text), room)
    while _count(text[:end]) > room:
        end -= 1
    space = text.rfind(" ", max(0, end - 80), end)
    return text[: space if space > 0 else end]


def _join(lines: Sequence[Line]) -> str:
    parts: list[str] = []
    is_open = False
    for line in lines:
        is_pre = line[0][1] == "pre"
        mark = "</pre>" if is_open and not is_pre else ""
        start = "<pre>" if is_pre and not is_open else ""
        parts.append(f"{mark}{chr(10) if parts else ''}{start}{_write_line(line)}")
        is_open = is_pre
    return "".join(parts) + ("</pre>" if is_open else "")


def _write_line(line: Line) -> str:
    return "".join(
        f"<{tag}>{html.escape(text)}</{tag}>"
        if tag and tag != "pre" and text
        else html.escape(text)
        for text, tag in line
    )


def _clean(text: str) -> str:
    """Take out what no message may hold, and what would turn other texts around."""
    kept = "".join(
        c for c in _TURNING.sub("", text) if c == "\n" or unicodedata.category(c) != "Cc"
    )
    return kept.encode("utf-8", "ignore").decode()


def _isolate(text: str) -> str:
    """Keep a text that is written from right to left from turning what stands beside it."""
    text = _clean(text)
    if any(unicodedata.bidirectional(character) in ("R", "AL") for character in text):
        return f"\u2068{text}\u2069"
    return text


def _count(text: str) -> int:
    """Count as Telegram does, in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _measure(text: str) -> int:
    """Count columns of fixed width."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
