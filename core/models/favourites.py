"""Favourites: one a person and model, and a counter that is counted, so that it cannot drift."""

import contextlib
from collections.abc import Sequence

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.errors import AlreadyExistsError, StaleError
from core.models.records import Favourite, ModelAccess, TrainedModel
from core.models.service import Models
from core.models.trigger_map import TriggerMap
from core.paging import iterate, list_page
from core.ports import Clock, Documents
from core.records import Condition, OneOf, Page, PageRequest, new_id


class Favourites:
    """What people like."""

    def __init__(
        self,
        favourites: Documents[Favourite],
        records: Documents[TrainedModel],
        models: Models,
        trigger_map: TriggerMap,
        clock: Clock,
    ) -> None:
        self._favourites = favourites
        self._records = records
        self._models = models
        self._map = trigger_map
        self._clock = clock

    async def add(self, principal: Principal, model_id: str) -> TrainedModel:
        """Make a model that one may see a favourite; again changes nothing."""
        require_scope(principal, Scope.WRITE)
        model = await self._models.get(principal, model_id)
        now = self._clock.now()
        favourite = Favourite(
            id=new_id("fv"),
            created_at=now,
            updated_at=now,
            account=principal.account,
            model=model.id,
        )
        with contextlib.suppress(AlreadyExistsError):
            await self._favourites.insert(favourite)
        return await self._note(principal.account, await self.recount(model.id))

    async def remove(self, principal: Principal, model_id: str) -> None:
        """Take a model out of one's favourites, also one that was hidden since; again changes nothing."""
        require_scope(principal, Scope.WRITE)
        found = await self._favourites.find({"account": principal.account, "model": model_id})
        if not found:
            await self._models.get(principal, model_id)
        for favourite in found:
            await self._favourites.delete(favourite)
            await self._note(principal.account, await self.recount(model_id))

    async def has(self, principal: Principal, model_id: str) -> bool:
        mine = {"account": principal.account, "model": model_id}
        return await self._favourites.count(mine) > 0

    async def choose(self, principal: Principal, model_ids: Sequence[str]) -> frozenset[str]:
        """Choose those models that are one's favourites."""
        mine: dict[str, Condition] = {
            "account": principal.account,
            "model": OneOf(tuple(model_ids)),
        }
        return frozenset(favourite.model for favourite in await self._favourites.find(mine))

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Favourite]:
        where = {"account": principal.account}
        return await list_page(self._favourites, where, "-created_at", page)

    async def recount(self, model_id: str) -> TrainedModel:
        """Count anew. The model is read before the count, so the last of several that is stored is right."""
        while True:
            model = await self._records.get(model_id)
            count = await self._favourites.count({"model": model_id})
            if count == model.favourites:
                return model
            with contextlib.suppress(StaleError):
                return await self._records.replace(model.model_copy(update={"favourites": count}))

    async def move(self, source: str, target: str) -> None:
        """Give an account's favourites to the one that took it over; of two for one model one stays."""
        moved_any = False
        async for favourite in iterate(self._favourites, {"account": source}):
            moved = favourite.changed(self._clock.now(), account=target)
            try:
                await self._favourites.replace(moved)
            except AlreadyExistsError:
                await self._favourites.delete(favourite)
            except StaleError:  # taken back, or moved, meanwhile
                continue
            await self.recount(favourite.model)
            moved_any = True
        if moved_any:
            await self._map.note(target)

    async def _note(self, account: str, model: TrainedModel) -> TrainedModel:
        """Unlisted models are in the prompts of those who like them."""
        if model.access is ModelAccess.UNLISTED:
            await self._map.note(account)
        return model
