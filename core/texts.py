"""What may stay of text that people type; apart because every noun has some."""

import unicodedata


def clean_text(text: str) -> str:
    """Return text on one line, normalised, without control characters or halves of surrogate pairs."""
    normal = unicodedata.normalize("NFC", text.encode(errors="replace").decode())
    plain = "".join(" " if unicodedata.category(c) in ("Cc", "Cs") else c for c in normal)
    return " ".join(plain.split())
