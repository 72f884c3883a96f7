"""Which words may bring a public model into everyone's prompts: none that people write anyway or misread."""

import unicodedata
from collections.abc import Sequence

from core.errors import InvalidError
from core.models.common_words import is_common
from core.models.words import is_unspaced, make_skeleton, read_keys

MIN_SKELETON_CHARACTERS = 3
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
"""Scripts that are written in one word. Source: UTS #39, section 5.2, highly restrictive."""


def check_public_words(words: Sequence[str]) -> None:
    """Raise InvalidError for a word that a public model may not have; `words` are clean otherwise."""
    seen: dict[str, str] = {}
    for word in words:
        if any(unicodedata.category(c) in ("Cf", "Cn", "Co", "Cs", "So") for c in word):
            raise InvalidError(
                f"“{word}” has a character that people cannot see or type; leave it out."
            )
        if any(_is_mixed(part) for part in word.split()):
            raise InvalidError(
                f"“{word}” mixes letters of several alphabets, which people cannot tell apart; "
                "use one."
            )
        _check_rare(word)
        skeleton = make_skeleton(word)
        if skeleton in seen:
            raise InvalidError(f"“{seen[skeleton]}” and “{word}” look alike; keep one of them.")
        seen[skeleton] = word


def _check_rare(word: str) -> None:
    """Refuse what stands in other people's prompts anyway."""
    keys = [key for key in read_keys(word) if any(c.isalnum() for c in key)]
    letters = "".join(keys)
    if len(letters) < (2 if not word.isascii() else MIN_SKELETON_CHARACTERS):
        raise InvalidError(f"“{word}” is too short for a public trigger word; make it longer.")
    if all(key.isnumeric() or (not is_unspaced(key[0]) and is_common(key)) for key in keys):
        raise InvalidError(
            f"“{word}” is an everyday word, and people would meet your model by accident; "
            "choose a word that nobody else writes, such as a name."
        )


def _is_mixed(word: str) -> bool:
    """Tell whether a word has letters of scripts that are not written together."""
    scripts = {
        unicodedata.name(c, "UNKNOWN")
        .split()[0]
        .removeprefix("FULLWIDTH")
        .removeprefix("HALFWIDTH")
        or "LATIN"
        for c in unicodedata.normalize("NFKC", word)
        if c.isalpha()
    }
    return len(scripts) > 1 and not any(scripts <= known for known in _TOGETHER)
