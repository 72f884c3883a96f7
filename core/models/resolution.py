"""From a prompt to the models that it asks for; pure, so that every door and every worker reads it alike.

A prompt is read in three steps: explicit weights are taken out, `<lora:slug:0.8>` and
`(trigger:0.8)`; then the words that are left are matched, longest phrase first; and where a
model's weights know another word than the one that people write, that word takes its place.
"""

from collections.abc import Iterator, Mapping, Sequence

from core.models.index import Entry, Index, Word
from core.models.syntax import Mention, read_explicit
from core.models.words import Token, read_keys, tokenise
from core.offerings.records import Sampler
from core.records import Value

MAX_MODELS = 8
MAX_WARNINGS = 20


class ResolvedModel(Value):
    """A model that a prompt brings in, and how strongly."""

    id: str
    slug: str
    name: str
    owner: str
    family: str
    weight: float
    trigger_word: str
    """The word that brought it in; empty for a tag."""
    sampler: Sampler | None


class Renamed(Value):
    """A word of the prompt that is an old one: it still works, and this is the one to write."""

    old: str
    now: str
    model: str
    """The model's slug."""


class Resolution(Value):
    """What a prompt means. Resolving `prompt` again changes nothing in it.

    `tagged_prompt` has a tag for each model, for programs that read tags; it resolves to itself
    and to the same models.
    """

    prompt: str
    tagged_prompt: str
    models: tuple[ResolvedModel, ...]
    renamed: tuple[Renamed, ...]
    warnings: tuple[str, ...]


def resolve(
    prompt: str, groups: Sequence[Index], family: str = "", named: Mapping[str, Entry] | None = None
) -> Resolution:
    """Resolve a prompt against groups of models, those of an earlier group before those of a later one.

    `family` leaves models of other families out, empty leaves none out; `named` knows slugs
    beyond those of the groups.
    """
    reader = _Reader(groups, family, named or {})
    text, mentions = read_explicit(prompt, reader.find_slug, reader.find_phrase, reader.warn)
    found = list(reader.match(tokenise(text)))
    taught = _replace(text, found)
    meant = {mention.entry.id for mention in mentions} | {entry.id for entry, *_ in found}
    if taught != text and not _is_stable(taught, meant, groups, family):
        taught = text
    return reader.answer(taught, mentions, found)


def _is_stable(text: str, meant: set[str], groups: Sequence[Index], family: str) -> bool:
    """Tell whether a text read again stays as it is and brings no further model in.

    Words that are put in may be other models' words, or make a longer phrase with what stands there.
    """
    reader = _Reader(groups, family, {})
    again, _ = read_explicit(text, reader.find_slug, reader.find_phrase, reader.warn)
    found = list(reader.match(tokenise(text)))
    return again == text == _replace(text, found) and {entry.id for entry, *_ in found} <= meant


Found = tuple[Entry, Word, int, int]
"""A model, the word that brought it in, and where that stands in the text."""


def _replace(text: str, found: Sequence[Found]) -> str:
    """Put the words that the weights know in the place of those that people wrote."""
    parts, end = [], 0
    for _, word, start, stop in found:
        if read_keys(word.taught) != word.phrase:
            parts += [text[end:start], word.taught]
            end = stop
    return "".join([*parts, text[end:]])


class _Reader:
    """One reading of one prompt: what was found, and what people must be told."""

    def __init__(self, groups: Sequence[Index], family: str, named: Mapping[str, Entry]) -> None:
        self._groups = groups
        self._family = family
        self._named = named
        self._warnings: dict[str, None] = {}

    def warn(self, sentence: str) -> None:
        if len(self._warnings) < MAX_WARNINGS:
            self._warnings[sentence] = None

    def find_slug(self, slug: str) -> Entry | None:
        """Find the model of a tag, and warn when there is none that fits."""
        known = (group.find_slug(slug) for group in self._groups)
        entry = next(filter(None, known), None) or self._named.get(slug)
        if entry is None:
            self.warn(f"There is no model “{slug[:60]}” that you can use; its tag was left out.")
        elif self._family and entry.family != self._family:
            self.warn(
                f"“{slug}” is a model for {entry.family} and not for {self._family}; "
                "it was left out."
            )
            return None
        return entry

    def find_phrase(self, text: str) -> tuple[Entry, Word] | None:
        """Find the model of a whole phrase."""
        phrase = read_keys(text)
        return self._choose(phrase) if phrase else None

    def match(self, tokens: Sequence[Token]) -> Iterator[Found]:
        """Yield every phrase that brings a model in, the longest at each place, none inside another."""
        keys = tuple(token.key for token in tokens)
        place = 0
        while place < len(keys):
            found = self._match_at(keys, place)
            if found is None:
                place += 1
                continue
            entry, word = found
            last = place + len(word.phrase)
            yield entry, word, tokens[place].start, tokens[last - 1].end
            place = last

    def _match_at(self, keys: tuple[str, ...], place: int) -> tuple[Entry, Word] | None:
        lengths: set[int] = set()
        for group in self._groups:
            lengths.update(group.get_lengths(keys[place]) or ())
        for length in sorted(lengths, reverse=True):
            found = self._choose(keys[place : place + length])
            if found is not None:
                return found
        return None

    def _choose(self, phrase: tuple[str, ...]) -> tuple[Entry, Word] | None:
        """Choose the model of a phrase: of the first group that has one; of several, none is guessed."""
        for number, group in enumerate(self._groups):
            found = group.find(phrase)
            fitting = [f for f in found if self._family in ("", f[0].family)]
            if found and not fitting:
                entry, word = found[0]
                self.warn(
                    f"“{word.text}” brings in a model for {entry.family} and not for "
                    f"{self._family}; it was left out."
                )
            if len(fitting) > 1:
                return self._choose_one(fitting, own=number == 0)
            if fitting:
                return fitting[0]
        return None

    def _choose_one(
        self, found: list[tuple[Entry, Word]], *, own: bool
    ) -> tuple[Entry, Word] | None:
        """Of one's own models the newest is meant; among those of others nobody can know."""
        found.sort(key=lambda f: (f[0].created_at, f[0].id), reverse=True)
        word, slugs = found[0][1].text, [entry.slug for entry, _ in found]
        if own:
            self.warn(
                f"“{word}” brings in {len(found)} models of yours, and the newest was taken: "
                f"{slugs[0]}. Write <lora:{slugs[1]}:1> for another one."
            )
            return found[0]
        self.warn(
            f"“{word}” could be any of {', '.join(slugs[:5])}, so none was taken. "
            f"Write <lora:{slugs[0]}:1> for the one that you mean."
        )
        return None

    def answer(self, text: str, mentions: Sequence[Mention], found: Sequence[Found]) -> Resolution:
        """Put together what was found: each model once, an explicit weight before its usual one."""
        weights: dict[str, tuple[Entry, str, float]] = {}
        for mention in mentions:
            entry = mention.entry
            _, _, known = weights.setdefault(entry.id, (entry, mention.word, mention.weight))
            if known != mention.weight:
                self.warn(f"{entry.slug} has several weights here; {known:g} was taken.")
        for entry, word, _, _ in found:
            weights.setdefault(entry.id, (entry, word.text, entry.weight))
        used = [use for use in weights.values() if use[2] != 0]
        if len(used) > MAX_MODELS:
            left = ", ".join(entry.slug for entry, _, _ in used[MAX_MODELS:][:5])
            self.warn(f"A prompt takes at most {MAX_MODELS} models; left out: {left}.")
        used = used[:MAX_MODELS]
        off = [use for use in weights.values() if use[2] == 0]
        tags = [f"<lora:{e.slug}:{weight:g}>" for e, _, weight in (*used, *off) if e.slug]
        return Resolution(
            prompt=text,
            tagged_prompt=" ".join([*tags, text]).rstrip(),
            models=tuple(_show(*use) for use in used),
            renamed=tuple(self._list_renamed(mentions, found)),
            warnings=tuple(self._warnings),
        )

    def _list_renamed(
        self, mentions: Sequence[Mention], found: Sequence[Found]
    ) -> Iterator[Renamed]:
        changes = [(m.old, m.now, m.entry.slug) for m in mentions]
        changes += [(word.text, word.now, entry.slug) for entry, word, _, _ in found]
        for old, now, slug in dict.fromkeys(changes):
            if now:
                yield Renamed(old=old, now=now, model=slug)


def _show(entry: Entry, word: str, weight: float) -> ResolvedModel:
    return ResolvedModel(
        id=entry.id,
        slug=entry.slug,
        name=entry.name,
        owner=entry.owner,
        family=entry.family,
        weight=weight,
        trigger_word=word,
        sampler=entry.sampler,
    )
