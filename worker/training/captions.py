"""Captions as they are trained: trigger words put in, and shuffled variants that can be encoded ahead."""

import hashlib
import random
from collections.abc import Sequence

from core.offerings.dreambooth import name_subject
from worker.training.settings import Settings

VARIANTS = 8
"""How many orders of a shuffled caption are encoded; more only fills the cache."""


def write_caption(caption: str, triggers: Sequence[str], class_prompt: str = "") -> str:
    """Put the trigger words that a caption does not contain before it; without a caption name the subject."""
    if not caption:
        return name_subject(triggers, class_prompt)
    lower = caption.lower()
    missing = [word for word in triggers if word.lower() not in lower]
    return ", ".join([*missing, caption])


def list_variants(caption: str, settings: Settings) -> tuple[str, ...]:
    """List what a picture is called: its caption, or VARIANTS orders of its tags.

    The first `keep_tokens` tags stay where they are. The orders follow from seed and caption, so
    that the same training finds the same ones in the cache.
    Source: shuffle_caption and keep_tokens of kohya's library/train_util.py.
    """
    if not settings.shuffle_caption:
        return (caption,)
    tags = [tag.strip() for tag in caption.split(",") if tag.strip()]
    kept, loose = tags[: settings.keep_tokens], tags[settings.keep_tokens :]
    digest = hashlib.sha256(f"{settings.seed}|{caption}".encode()).digest()
    rng = random.Random(int.from_bytes(digest[:8], "big"))
    orders = (rng.sample(loose, len(loose)) for _ in range(VARIANTS))
    return tuple(", ".join([*kept, *order]) for order in orders)
