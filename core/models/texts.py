"""What people may write about a model: its description, its tags and its usual weight."""

import math
from collections.abc import Sequence

from core.errors import InvalidError
from core.models.syntax import MAX_WEIGHT
from core.texts import clean_text

MAX_DESCRIPTION_CHARACTERS = 2000
MAX_TAGS = 10
MAX_TAG_CHARACTERS = 30


def check_card(text: str) -> str:
    """Return a description. Raises InvalidError when it is too long."""
    description = clean_text(text)
    if len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise InvalidError(
            f"A description has at most {MAX_DESCRIPTION_CHARACTERS} characters; shorten it."
        )
    return description


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return folded tags, each once. Raises InvalidError for too many or too long ones."""
    clean = tuple(dict.fromkeys(filter(None, (fold_tag(tag) for tag in tags))))
    if len(clean) > MAX_TAGS or any(len(tag) > MAX_TAG_CHARACTERS for tag in clean):
        raise InvalidError(
            f"A model has at most {MAX_TAGS} tags of {MAX_TAG_CHARACTERS} characters each."
        )
    return clean


def fold_tag(tag: str) -> str:
    return clean_text(tag.replace(",", " ")).casefold()


def check_weight(weight: float) -> float:
    """Return a usual weight, to four decimals. Raises InvalidError when it is out of bounds."""
    if not math.isfinite(weight) or not 0 < round(weight, 4) <= MAX_WEIGHT:
        raise InvalidError(f"The usual weight is above 0 and at most {MAX_WEIGHT:g}.")
    return round(weight, 4)
