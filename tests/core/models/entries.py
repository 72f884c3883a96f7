"""Models as a resolution knows them, made in a line."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from core.models.index import Entry, Index, Word
from core.models.records import ModelAccess
from core.models.words import make_slug, read_keys

START = datetime(2026, 1, 1, tzinfo=UTC)


def make_entry(
    *words: str,
    owner: str = "ac_other",
    family: str = "tiny",
    slug: str = "",
    taught: str = "",
    age_s: int = 0,
    old: dict[str, str] | None = None,
) -> Entry:
    """Make a public model with these trigger words; `old` maps former words to what is written now."""
    slug = slug or make_slug(words[0])
    current = tuple(Word(word, read_keys(word), taught or word) for word in words)
    former = tuple(
        Word(word, read_keys(word), taught or word, now) for word, now in (old or {}).items()
    )
    return Entry(
        id=f"md_{slug}",
        slug=slug,
        name=words[0],
        owner=owner,
        family=family,
        access=ModelAccess.PUBLIC,
        weight=1.0,
        sampler=None,
        tags=(),
        words=current + former,
        created_at=START - timedelta(seconds=age_s),
    )


def make_index(entries: Iterable[Entry] = ()) -> Index:
    index = Index()
    for entry in entries:
        index.put(entry)
    return index
