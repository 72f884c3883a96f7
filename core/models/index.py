"""Trigger words to look up by: what is known of each model in memory, found by phrase in constant time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.models.records import ModelAccess, TrainedModel
from core.models.words import read_keys
from core.offerings.records import Sampler

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A phrase that brings a model in: as people write it, and what the weights know it as."""

    text: str
    phrase: Phrase
    taught: str
    now: str = ""
    """The word that took its place, when it is an old one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a resolution needs to know of a model."""

    id: str
    slug: str
    name: str
    owner: str
    family: str
    access: ModelAccess
    weight: float
    sampler: Sampler | None
    tags: tuple[str, ...]
    words: tuple[Word, ...]
    created_at: datetime
    text: str = ""
    """What a search looks in, folded."""

    @classmethod
    def of(cls, model: TrainedModel) -> "Entry":
        """Take what is needed from a model."""
        return cls(
            id=model.id,
            slug=model.slug,
            name=model.name,
            owner=model.owner,
            family=model.family,
            access=model.access,
            weight=model.default_weight,
            sampler=model.sampler,
            tags=model.tags,
            words=tuple(_list_words(model)),
            created_at=model.created_at,
            text=_fold(model.name, model.slug, *model.tags, *model.trigger_words),
        )


def _fold(*texts: str) -> str:
    return " ".join(" ".join(read_keys(text)) for text in texts)


def _list_words(model: TrainedModel) -> Iterator[Word]:
    """List current and old words; each stands for itself or for the trained word in its place."""
    taught = model.taught_words
    itself = {read_keys(word): word for word in taught}
    for place, text in enumerate(model.trigger_words):
        phrase = read_keys(text)
        yield Word(text, phrase, itself.get(phrase, taught[min(place, len(taught) - 1)]))
    for old in model.old_words:
        phrase = read_keys(old.word)
        yield Word(old.word, phrase, itself.get(phrase, taught[0]), old.now)


class Index:
    """The models of one group, by id, by slug and by phrase."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._slugs: dict[str, Entry] = {}
        self._phrases: dict[Phrase, dict[str, Word]] = {}
        self._lengths: dict[str, Counter[int]] = {}

    def put(self, entry: Entry) -> None:
        """Add a model, or change what is known of it."""
        self.remove(entry.id)
        self.entries[entry.id] = entry
        self._slugs[entry.slug] = entry
        for word in entry.words:
            if word.phrase:
                models = self._phrases.setdefault(word.phrase, {})
                models.setdefault(entry.id, word)
                lengths = self._lengths.setdefault(word.phrase[0], Counter())
                lengths[len(word.phrase)] += 1

    def remove(self, model_id: str) -> None:
        """Forget a model; one that is not known changes nothing."""
        entry = self.entries.pop(model_id, None)
        if entry is None:
            return
        if self._slugs.get(entry.slug) is entry:
            del self._slugs[entry.slug]
        for word in entry.words:
            if not word.phrase:
                continue
            models = self._phrases.get(word.phrase, {})
            models.pop(model_id, None)
            if not models:
                self._phrases.pop(word.phrase, None)
            lengths = self._lengths[word.phrase[0]]
            lengths[len(word.phrase)] -= 1
            if lengths[len(word.phrase)] <= 0:
                del lengths[len(word.phrase)]
            if not lengths:
                del self._lengths[word.phrase[0]]

    def find_slug(self, slug: str) -> Entry | None:
        return self._slugs.get(slug)

    def get_lengths(self, first: str) -> Counter[int] | None:
        """Return how long the phrases are that begin with this token; None is the usual answer."""
        return self._lengths.get(first)

    def find(self, phrase: Phrase) -> list[tuple[Entry, Word]]:
        """Return the models that a phrase brings in."""
        found = self._phrases.get(phrase)
        return [(self.entries[id_], word) for id_, word in found.items()] if found else []
