"""The two ways to give a weight, read out of a prompt: `<lora:slug:0.8>` and `(trigger:0.8)`."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from core.models.index import Entry, Word

MAX_WEIGHT = 2.0
"""Beyond it pictures fall apart; below zero a model is turned against."""
_MAX_GROUP_CHARACTERS = 120
"""Of the longest trigger word with its weight, and a little more."""
_SIGN = re.compile(r"([()<>])")
_TAG = re.compile(r"<lora:([^:<>\s]+)(?::([^<>\s]*))?>", re.IGNORECASE)
_GROUP = re.compile(r"\(([^()<>:]+):([^()<>:]+)\)")
FindSlug = Callable[[str], Entry | None]
FindPhrase = Callable[[str], tuple[Entry, Word] | None]
Warn = Callable[[str], None]


@dataclass(frozen=True)
class Mention:
    """A model that a prompt names with a weight, by tag (`word` is empty) or by word.

    When what was written is an old slug or word, `old` and `now` say which and what to write.
    """

    entry: Entry
    weight: float
    word: str = ""
    old: str = ""
    now: str = ""


def list_slugs(prompt: str) -> list[str]:
    """List the slugs that a prompt names, each once."""
    return list(dict.fromkeys(slug.lower() for slug, _ in _TAG.findall(prompt)))


def read_explicit(
    prompt: str, find_slug: FindSlug, find_phrase: FindPhrase, warn: Warn
) -> tuple[str, list[Mention]]:
    """Return the prompt without tags and without the brackets of weighted words, and the mentions.

    Brackets around anything but a trigger word are other programs' business, and stay. What is
    taken out is taken out of the text behind the reading place, so nothing that is left there can
    become a tag or a weight: reading the result again changes nothing.
    """
    out, mentions = "", list[Mention]()
    opened: list[int] = []
    tag_start, after_tag = -1, False
    for piece in _SIGN.split(prompt):
        if after_tag and piece:
            piece = piece.lstrip(" ")
            if piece[:1] in (",", ".", ";"):
                out = out.rstrip(" ")
            after_tag = not piece
        out += piece
        if piece == "(":
            opened.append(len(out) - 1)
        elif piece == "<":
            tag_start = len(out) - 1
        elif piece == ")" and opened:
            start = opened.pop()
            mention = _read_group(out, start, find_phrase, warn)
            if mention is not None:
                mentions.append(mention)
                out = out[:start] + out[start + 1 :].partition(":")[0].strip()
        elif piece == ">" and tag_start >= 0:
            tag, start, tag_start = _TAG.fullmatch(out, tag_start), tag_start, -1
            if tag is not None:
                mentions += _read_tag(tag[1], tag[2] or "", find_slug, warn)
                out = out[:start].rstrip(" ")
                out, after_tag = out + " " if out else out, True
                while opened and opened[-1] >= len(out):
                    opened.pop()
    return out.strip(), mentions


def _read_group(out: str, start: int, find_phrase: FindPhrase, warn: Warn) -> Mention | None:
    """Read `(trigger:0.8)` at the end of the text; None for brackets that mean something else."""
    if len(out) - start > _MAX_GROUP_CHARACTERS:
        return None
    group = _GROUP.fullmatch(out, start)
    if group is None or not _is_number(group[2]):
        return None
    found = find_phrase(group[1])
    if found is None:
        return None
    entry, word = found
    weight = _read_weight(group[2], entry, warn)
    return Mention(entry, weight, word.text, word.text if word.now else "", word.now)


def _read_tag(slug: str, weight: str, find_slug: FindSlug, warn: Warn) -> list[Mention]:
    """Read what a tag names; nothing when there is no such model."""
    slug = slug.lower()
    entry = find_slug(slug)
    if entry is None:
        return []
    renamed = entry.slug != slug
    read = _read_weight(weight, entry, warn) if weight else entry.weight
    return [Mention(entry, read, "", slug if renamed else "", entry.slug if renamed else "")]


def _read_weight(text: str, entry: Entry, warn: Warn) -> float:
    """Read a weight, to four decimals; one that is out of bounds is cut, and what is no number ignored."""
    weight = float(text) if _is_number(text) else math.nan
    if math.isnan(weight):
        warn(f"“{text.strip()[:20]}” is no weight for {entry.slug}; {entry.weight:g} was taken.")
        return entry.weight
    if abs(weight) > MAX_WEIGHT:
        warn(f"A weight is from -{MAX_WEIGHT:g} to {MAX_WEIGHT:g}; {entry.slug} was cut to that.")
    return round(max(-MAX_WEIGHT, min(MAX_WEIGHT, weight)), 4)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
