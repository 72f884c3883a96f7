"""What a trigger word is to a machine: tokens to match by, a skeleton to compare looks by, and a slug."""

import functools
import re
import unicodedata
from typing import NamedTuple

_ASCII_TOKEN = re.compile(r"[A-Za-z0-9_]+|[!-/:-@\[-^`{-~]")
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)
"""Scripts that put no space between words: there each character is a token. Source: UAX #29, section 4."""
_ALIKE = (
    "аеорсухіјѕһԁԛԝкмтвнгзпьӏґлѵ αβγεηικνορτυχωσςօսոհıɑɡɩ 01583i",
    "aeopcyxljshdqwkmtbhrenblrnv abyenlkvoptuxwocounhlagl olsbel",
)
_LOOKS_LIKE = str.maketrans(*_ALIKE)
"""Letters that look like others once they are folded. Source: UTS #39, section 4; the common ones."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
MAX_SLUG_CHARACTERS = 40


class Token(NamedTuple):
    """A word or a sign of a text: how it is compared, and where it stands."""

    key: str
    start: int
    end: int


def tokenise(text: str) -> list[Token]:
    """Take a text apart into words and single signs; spaces and invisible characters are no tokens.

    Two texts with equal keys are the same phrase: case, width and composition do not matter.
    """
    if text.isascii():
        return [Token(m[0].lower(), m.start(), m.end()) for m in _ASCII_TOKEN.finditer(text)]
    tokens: list[Token] = []
    start, kind = -1, ""
    for place, character in enumerate(text):
        found = _classify(character)
        if start >= 0 and (found in ("mark", "unseen") or found == kind == "letter"):
            continue
        _add(tokens, text, start, place)
        start, kind = (-1, "") if found in ("space", "unseen") else (place, found)
    _add(tokens, text, start, len(text))
    return tokens


def read_keys(text: str) -> tuple[str, ...]:
    """Return what a phrase is compared by."""
    return tuple(token.key for token in tokenise(text))


def make_skeleton(text: str) -> str:
    """Return what a phrase looks like: phrases with one skeleton can be taken for one another."""
    plain = unicodedata.normalize("NFKD", "".join(read_keys(text)))
    letters = "".join(c for c in plain if c.isalnum() or unicodedata.category(c)[0] == "M")
    letters = _ACCENTS.sub("", letters)
    return letters.casefold().translate(_LOOKS_LIKE).replace("rn", "m").replace("vv", "w")


def make_slug(text: str) -> str:
    """Return a readable name of a-z, 0-9 and hyphens; `model` when nothing of the text can stay."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore")
    slug = _NOT_SLUG.sub("-", plain.decode().lower()).strip("-")
    return slug[:MAX_SLUG_CHARACTERS].rstrip("-") or "model"


def is_unspaced(character: str) -> bool:
    """Tell whether a character's script puts no space between words."""
    return any(low <= ord(character) <= high for low, high in _UNSPACED)


def _add(tokens: list[Token], text: str, start: int, end: int) -> None:
    if start < 0:
        return
    key = "".join(c for c in text[start:end] if unicodedata.category(c) != "Cf")
    for _ in range(2):  # folding can undo what was composed, and the other way round
        key = unicodedata.normalize("NFKC", key).casefold()
    tokens.append(Token(key, start, end))


@functools.lru_cache(maxsize=4096)
def _classify(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M":
        return "mark"
    if category == "Cf":
        return "unseen"
    if category in ("Cc", "Zs", "Zl", "Zp"):
        return "space"
    if category[0] in "LN":
        return "alone" if is_unspaced(character) else "letter"
    return "letter" if character == "_" else "sign"
