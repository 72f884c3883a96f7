"""Secrets that people type or follow: read as they were meant, and kept as hashes alone."""

import hashlib

_MAX_CHARACTERS = 40


def read_code(typed: str) -> str:
    """Return the letters and digits of a code, whatever stood between them and in whatever case."""
    return "".join(c for c in typed.upper() if c.isalnum())[:_MAX_CHARACTERS]


def hash_secret(secret: str) -> str:
    """Hash a random secret, as lower-case hex; text that no code can be has a hash that nothing has."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
