"""Finding models: one's own, those of everybody, and favourites; by family, tag and text, page by page."""

from enum import StrEnum

from core.accounts.records import Principal
from core.models.favourites import Favourites
from core.models.index import Entry
from core.models.records import Favourite, ModelAccess, ModelState, TrainedModel
from core.models.texts import fold_tag
from core.models.trigger_map import MAX_OWN, TriggerMap
from core.models.words import read_keys
from core.paging import cursor_behind, list_page
from core.ports import Documents
from core.records import Condition, OneOf, Page, PageRequest, Value

MAX_MATCHES = 500
"""Of tag and text: the newest are looked at."""


class Show(StrEnum):
    """Whose models."""

    MINE = "mine"
    PUBLIC = "public"
    FAVOURITES = "favourites"


class Order(StrEnum):
    """Which come first: the newest, or those that most pictures were made with."""

    RECENT = "recent"
    POPULAR = "popular"


class Search(Value):
    """What is looked for; empty looks for everything."""

    show: Show = Show.MINE
    order: Order = Order.RECENT
    family: str = ""
    tag: str = ""
    text: str = ""


class Browsing:
    """Lists of models."""

    def __init__(
        self,
        models: Documents[TrainedModel],
        favourites: Favourites,
        trigger_map: TriggerMap,
    ) -> None:
        self._models = models
        self._favourites = favourites
        self._map = trigger_map

    async def list(
        self, principal: Principal, search: Search, page: PageRequest
    ) -> Page[TrainedModel]:
        """Return a page of the models that a person may see and that fit. Favourites come by when they were liked."""
        if search.show is Show.FAVOURITES:
            return await self._list_favourites(principal, search, page)
        where: dict[str, Condition] = {"owner": principal.account}
        if search.show is Show.PUBLIC:
            where = {"access": ModelAccess.PUBLIC, "state": ModelState.ACTIVE}
        if search.family:
            where["family"] = search.family
        if search.tag or search.text:
            where["id"] = OneOf(await self._match(principal, search))
        order = "-generations" if search.order is Order.POPULAR else "-created_at"
        return await list_page(self._models, where, order, page)

    async def _match(self, principal: Principal, search: Search) -> tuple[str, ...]:
        """Return the ids of the newest models whose tags and texts fit."""
        if search.show is Show.PUBLIC:
            _, _, public = await self._map.look(principal.account)
            known = list(public.entries.values())
        else:
            mine = {"owner": principal.account}
            models = await self._models.find(mine, order="-created_at", limit=MAX_OWN)
            known = [Entry.of(model) for model in models]
        found = [entry for entry in known if _fits(entry, search)]
        found.sort(key=lambda entry: entry.created_at, reverse=True)
        return tuple(entry.id for entry in found[:MAX_MATCHES])

    async def _list_favourites(
        self, principal: Principal, search: Search, page: PageRequest
    ) -> Page[TrainedModel]:
        """Go through favourites until a page is full of those that can still be seen, and fit."""
        found: list[tuple[Favourite, TrainedModel]] = []
        after = page.after
        while len(found) <= page.limit:
            liked = await self._favourites.list_own(
                principal, PageRequest(limit=page.limit, after=after)
            )
            ids = OneOf(tuple(favourite.model for favourite in liked.items))
            models = {model.id: model for model in await self._models.find({"id": ids})}
            for favourite in liked.items:
                model = models.get(favourite.model)
                if model is not None and _shows(model, principal, search):
                    found.append((favourite, model))
            if liked.next is None:
                break
            after = liked.next
        models_found = tuple(model for _, model in found[: page.limit])
        if len(found) <= page.limit:
            return Page(models_found)
        return Page(models_found, cursor_behind(found[page.limit - 1][0], "-created_at"))


def _shows(model: TrainedModel, principal: Principal, search: Search) -> bool:
    """Tell whether a favourite can be seen, and is looked for."""
    is_visible = model.owner == principal.account or model.is_shown_to_others
    is_wanted = search.family in ("", model.family)
    return is_visible and is_wanted and _fits(Entry.of(model), search)


def _fits(entry: Entry, search: Search) -> bool:
    """Tell whether a model has the tag, and every word of the text somewhere in its texts."""
    if search.tag and fold_tag(search.tag) not in entry.tags:
        return False
    return all(key in entry.text for key in read_keys(search.text))
