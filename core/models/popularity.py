"""How often models were used, counted after the fact: a popular model's record is not written with each use."""

import contextlib
from datetime import datetime, timedelta

from core.errors import NotFoundError, StaleError
from core.models.records import TrainedModel
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Above, Condition
from core.royalties.records import ModelUse

_OVERLAP = timedelta(minutes=10)
"""A use that was stored late is still met."""
_FIRST = timedelta(days=1)
"""How far a process looks back when it starts; a model that was missed is counted at its next use."""


class Popularity:
    """Brings the number by which models are sorted up to date."""

    def __init__(
        self, uses: Documents[ModelUse], models: Documents[TrainedModel], clock: Clock
    ) -> None:
        self._uses = uses
        self._models = models
        self._clock = clock
        self._since: datetime | None = None

    async def sweep(self) -> int:
        """Count the uses of each model that was used since the last time."""
        now = self._clock.now()
        where: dict[str, Condition] = {"created_at": Above(self._since or now - _FIRST)}
        used = {use.model async for use in iterate(self._uses, where, "created_at")}
        changed = 0
        for model_id in used:
            with contextlib.suppress(NotFoundError):
                changed += await self._count(model_id)
        self._since = now - _OVERLAP
        return changed

    async def _count(self, model_id: str) -> bool:
        while True:
            model = await self._models.get(model_id)
            generations = await self._uses.count({"model": model_id})
            if generations == model.generations:
                return False
            with contextlib.suppress(StaleError):
                await self._models.replace(model.model_copy(update={"generations": generations}))
                return True
