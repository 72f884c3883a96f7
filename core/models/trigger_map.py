"""The trigger map: every process's copy of what prompts bring in, brought up to date by one small record.

Whoever changes a model writes it first and then notes it in the record, by compare-and-set. So
whoever finds a version in the record finds every model as it was then, or newer, and a copy that
knows an earlier version reads again only what was noted since.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Sequence

from core.errors import AlreadyExistsError, NotFoundError, StaleError
from core.models.index import Entry, Index
from core.models.records import Favourite, MapState, ModelAccess, ModelState, TrainedModel
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Condition, OneOf

_STATE_ID = "tm_map"
_RECENT = 64
_PEOPLE = 256
"""Whose own models are kept in memory at a time; those of others are read when they come again."""
MAX_OWN = 1000
"""Of one person, the newest; older ones are still found by slug."""


class TriggerMap:
    """One process's copy of the map."""

    def __init__(
        self,
        states: Documents[MapState],
        models: Documents[TrainedModel],
        favourites: Documents[Favourite],
        clock: Clock,
    ) -> None:
        self._states = states
        self._models = models
        self._favourites = favourites
        self._clock = clock
        self._version = -1
        self._public = Index()
        self._people: OrderedDict[str, tuple[Index, Index]] = OrderedDict()
        self._lock = asyncio.Lock()

    async def look(self, account: str) -> tuple[Index, Index, Index]:
        """Return the models that an account's prompts may bring in: its own, shared ones, public ones.

        Shared are unlisted models that the account made its favourites.
        """
        async with self._lock:
            await self._catch_up()
            known = self._people.get(account)
            if known is None:
                known = await self._read_person(account)
                self._people[account] = known
                if len(self._people) > _PEOPLE:
                    self._people.popitem(last=False)
            self._people.move_to_end(account)
            return *known, self._public

    async def note(self, subject: str) -> None:
        """Tell every process that a model, or an account's favourites, changed."""
        while True:
            now = self._clock.now()
            try:
                state = await self._states.get(_STATE_ID)
            except NotFoundError:
                state = MapState(id=_STATE_ID, created_at=now, updated_at=now, recent=(subject,))
                with contextlib.suppress(AlreadyExistsError):
                    await self._states.insert(state)
                    return
                continue
            recent = (*state.recent, subject)[-_RECENT:]
            with contextlib.suppress(StaleError):
                await self._states.replace(state.changed(now, recent=recent))
                return

    async def note_model(self, model: TrainedModel) -> TrainedModel:
        """Note a model that was stored with its mark, and take the mark off."""
        await self.note(model.id)
        with contextlib.suppress(
            StaleError
        ):  # whoever changed it meanwhile notes it, or the sweeper
            unmarked = model.model_copy(update={"needs_noting": None})
            return await self._models.replace(unmarked)
        return model

    async def sweep(self) -> int:
        """Note the changes that a crash, or a merge of accounts, left unnoted."""
        noted = 0
        async for model in iterate(self._models, {"needs_noting": True}):
            await self.note_model(model)
            noted += 1
        return noted

    async def _catch_up(self) -> None:
        try:
            state = await self._states.get(_STATE_ID)
        except NotFoundError:
            self._version = 0
            return
        behind = state.version - self._version
        if self._version < 0 or behind > len(state.recent):
            await self._read_all()
        elif behind:
            for subject in dict.fromkeys(state.recent[-behind:]):
                await self._read_again(subject)
        self._version = state.version

    async def _read_all(self) -> None:
        public = Index()
        where: dict[str, Condition] = {"access": ModelAccess.PUBLIC, "state": ModelState.ACTIVE}
        async for model in iterate(self._models, where):
            public.put(Entry.of(model))
        self._public = public
        self._people.clear()

    async def _read_again(self, subject: str) -> None:
        """Bring up to date what the subject of a change may have changed."""
        self._people.pop(subject, None)
        if not subject.startswith("md_"):
            return
        try:
            model = await self._models.get(subject)
        except NotFoundError:
            model = None
        if model is not None and model.is_public:
            self._public.put(Entry.of(model))
        else:
            self._public.remove(subject)
        owner = model.owner if model is not None else ""
        for account, indexes in list(self._people.items()):
            if account == owner or any(subject in index.entries for index in indexes):
                del self._people[account]

    async def _read_person(self, account: str) -> tuple[Index, Index]:
        own, shared = Index(), Index()
        mine: dict[str, Condition] = {"owner": account, "state": ModelState.ACTIVE}
        for model in await self._models.find(mine, order="-created_at", limit=MAX_OWN):
            if model.is_usable:
                own.put(Entry.of(model))
        liked = await self._favourites.find(
            {"account": account}, order="-created_at", limit=MAX_OWN
        )
        for model in await self._read_unlisted([favourite.model for favourite in liked]):
            if model.owner != account:
                shared.put(Entry.of(model))
        return own, shared

    async def _read_unlisted(self, ids: Sequence[str]) -> list[TrainedModel]:
        if not ids:
            return []
        return await self._models.find(
            {
                "id": OneOf(tuple(ids)),
                "access": ModelAccess.UNLISTED,
                "state": ModelState.ACTIVE,
            }
        )
