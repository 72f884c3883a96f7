"""The addresses of our own pages, and which of them somebody may be sent back to."""

import re

PLACES = (
    "datasets",
    "train",
    "trainings",
    "compare",
    "models",
    "generate",
    "generations",
    "points",
    "inbox",
    "account",
    "admin",
    "style",
)
"""The first part of every address of the sandbox; what lies below, its router knows (static/lib/router.js)."""
_MAX_CHARACTERS = 500
_PLACE = re.compile(rf"/(?:(?:{'|'.join(PLACES)})(?:/[\w.~-]+)?)?(?:\?[\w.~=&%+:,-]*)?", re.ASCII)


def read_place(text: str) -> str:
    """Return an address of the sandbox as it was given, and the first page for anything else.

    Nobody who made a link can have people sent anywhere else by it.
    """
    return text if len(text) <= _MAX_CHARACTERS and _PLACE.fullmatch(text) else "/"
