"""What a blob's key may look like; apart because every store of blobs refuses the same ones."""

import re

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_PREFIX = re.compile(rf"({_KEY.pattern})?/?")


def check_key(key: str) -> str:
    """Return a key. Raises ValueError for what is none, a programming error."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a blob key: {key!r}")
    return key


def check_prefix(prefix: str) -> str:
    """Return the beginning of a key. Raises ValueError for what is none."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"not the beginning of a blob key: {prefix!r}")
    return prefix
