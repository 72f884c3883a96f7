"""Texts for Discord: nothing that somebody typed is markup or a mention, and all is within the platform's lengths."""

import re
from collections.abc import Iterable

from bots.dialog import Table

TITLE = 256
DESCRIPTION = 4096
FIELD_NAME = 256
FIELD_VALUE = 1024
EMBED = 6000
"""All texts of a message's embeds together."""
LABEL = 80
OPTION = 100
FORM = 45
_TABLE_WIDTH = 56
"""Characters of a code block that fit into an embed on a desktop without being broken."""
_MARKUP = re.compile(r"[\\*_~|`\[\]<@]|(?<![^\n])\s*[>#-]")
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of whatever follows them; letters carry their own direction."""


def escape(text: str) -> str:
    """Write a text so that it is shown as it is."""
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", _TURNS.sub("", text))


def fit(text: str, limit: int) -> str:
    """Escape a text, and cut it so that the result has at most `limit` characters."""
    shown = escape(text)
    if len(shown) <= limit:
        return shown
    kept = text[: max(0, limit - 1)]
    while kept and (over := len(escape(kept)) - (limit - 1)) > 0:
        kept = kept[: -max(1, over // 2)]
    return escape(kept) + "…" if limit else ""


def cut(text: str, limit: int) -> str:
    """Cut what Discord shows without markup; never empty, which it would refuse."""
    text = " ".join(_TURNS.sub("", text).split()) or "…"
    return text if len(text) <= limit else text[: limit - 1] + "…"


def draw_table(table: Table, limit: int) -> str:
    """Draw rows as a code block while they are narrow, else as lines; as many as fit into `limit`."""
    rows = [tuple(" ".join(cell.split()) for cell in row) for row in table.rows]
    head = tuple(" ".join(cell.split()) for cell in table.columns)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) > _TABLE_WIDTH:
        return _join(
            (f"**{fit(row[0], 200)}**  {escape('  '.join(row[1:]))}" for row in rows), limit
        )
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    )
    inner = _join((line.replace("`", "'") for line in lines), limit - 8)
    return f"```\n{inner}\n```" if inner else ""


def _join(lines: Iterable[str], limit: int) -> str:
    """Join whole lines while they fit, with a sign when some are left out."""
    kept: list[str] = []
    size = 0
    for line in lines:
        if size + len(line) + 2 > limit:
            return "\n".join([*kept, "…"]) if size + 2 <= limit else ""
        kept.append(line)
        size += len(line) + 1
    return "\n".join(kept)
