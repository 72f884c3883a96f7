"""Resolving for a person: the pure matcher over the trigger map, and slugs that only the store knows."""

from collections.abc import Collection

from core.accounts.records import Principal
from core.errors import InvalidError, NotFoundError
from core.models.index import Entry
from core.models.resolution import Resolution, resolve
from core.models.service import Models
from core.models.syntax import list_slugs
from core.models.trigger_map import TriggerMap

MAX_PROMPT_CHARACTERS = 20_000
_MAX_LOOKUPS = 16


class Resolver:
    """What prompts mean."""

    def __init__(self, trigger_map: TriggerMap, models: Models, families: Collection[str]) -> None:
        self._map = trigger_map
        self._models = models
        self._families = sorted(families)

    async def resolve(self, principal: Principal, prompt: str, family: str = "") -> Resolution:
        """Say which models a prompt brings in for a person, on base models of a family or of any.

        Raises InvalidError for a prompt that is too long, or a family that there is not.
        """
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            raise InvalidError(
                f"A prompt has at most {MAX_PROMPT_CHARACTERS} characters; make it shorter."
            )
        if family and family not in self._families:
            raise InvalidError(
                f"There is no family “{family[:60]}”. There are: {', '.join(self._families)}."
            )
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
