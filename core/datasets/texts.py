"""What people may type into a dataset: names, captions and file labels."""

from core.errors import InvalidError
from core.texts import clean_text

MAX_NAME_CHARACTERS = 100
MAX_CAPTION_BYTES = 8 * 1024


def check_name(text: str) -> str:
    """Return a one-line name. Raises InvalidError when it is empty or too long."""
    name = clean_text(text)
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise InvalidError(f"A name needs 1 to {MAX_NAME_CHARACTERS} characters.")
    return name


def check_caption(text: str) -> str:
    """Return a caption without control characters. Raises InvalidError above 8 KiB."""
    if len(text.encode(errors="replace")) > MAX_CAPTION_BYTES:
        raise InvalidError("A caption may have at most 8 KiB of text; shorten it.")
    return clean_text(text)


def clean_filename(text: str) -> str:
    """Keep a file name as a label for people; it never becomes a path."""
    return clean_text(text.replace("\\", "/").rsplit("/", 1)[-1])[:120]
