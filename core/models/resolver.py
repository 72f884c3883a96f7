"""Resolving for a person: the pure matcher over the trigger map, and slugs that only the store knows."""

from collections.abc import Collection

from core.accounts.records import Principal
from core.errors import InvalidError, NotFoundError
from core.models.index import Entry
from core.models.resolution import Resolution, resolve
from core.models.service import Models
from core.models.syntax import list_slugs
from core.models.trigger_map import TriggerMap
from core.models.words import read_keys
from core.records import Value

MAX_PROMPT_CHARACTERS = 20_000
_MAX_LOOKUPS = 16


class Suggestion(Value):
    """A trigger word, and the model that it brings in."""

    word: str
    model: str
    name: str
    family: str


class Resolver:
    """What prompts mean."""

    def __init__(self, trigger_map: TriggerMap, models: Models, families: Collection[str]) -> None:
        self._map = trigger_map
        self._models = models
        self._families = sorted(families)

    async def suggest(
        self, principal: Principal, start: str, family: str = "", limit: int = 20
    ) -> list[Suggestion]:
        """List trigger words that begin so: of one's own models, then of favourites, then of public ones.

        Words that were changed are left out.
        """
        self._check_family(family)
        wanted = fold_start(start)
        found: list[Suggestion] = []
        for group in await self._map.look(principal.account):
            words = [
                Suggestion(word=word.text, model=entry.id, name=entry.name, family=entry.family)
                for entry in group.entries.values()
                if family in ("", entry.family)
                for word in entry.words
                if not word.now and fold_start(word.text).startswith(wanted)
            ]
            found += sorted(words, key=lambda one: (one.word.casefold(), one.model))
        return found[:limit]

    async def resolve(self, principal: Principal, prompt: str, family: str = "") -> Resolution:
        """Say which models a prompt brings in for a person, on base models of a family or of any.

        Raises InvalidError for a prompt that is too long, or a family that there is not.
        """
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            raise InvalidError(
                f"A prompt has at most {MAX_PROMPT_CHARACTERS} characters; make it shorter."
            )
        self._check_family(family)
        groups = await self._map.look(principal.account)
        named: dict[str, Entry] = {}
        slugs = [s for s in list_slugs(prompt) if not any(group.find_slug(s) for group in groups)]
        for slug in slugs[:_MAX_LOOKUPS]:
            try:
                model = await self._models.get_by_slug(principal, slug)
            except NotFoundError:
                continue
            if model.is_usable:
                named[slug] = Entry.of(model)
        return resolve(prompt, groups, family, named)

    def _check_family(self, family: str) -> None:
        if family and family not in self._families:
            raise InvalidError(
                f"There is no family “{family[:60]}”. There are: {', '.join(self._families)}."
            )


def fold_start(text: str) -> str:
    """Return what the beginnings of words are compared by: their tokens, a space between two."""
    return " ".join(read_keys(text))
