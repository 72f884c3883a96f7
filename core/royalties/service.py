"""Accruals and what they add up to; apart from the ledger, which keeps the points themselves."""

import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from core.accounts.records import Principal
from core.errors import AlreadyExistsError
from core.paging import iterate, list_page
from core.ports import Clock, Documents
from core.records import Above, Condition, Page, PageRequest, Value, new_id
from core.royalties.records import Accrual, ModelUse, Part


class Earnings(Value):
    """What one payee has earned in all, and what of it has been paid out."""

    earned_points: int
    paid_points: int

    @property
    def due_points(self) -> int:
        return self.earned_points - self.paid_points


class Earned(Value):
    """What one payee earned by one model on one day, UTC."""

    day: date
    model: str
    points: int
    uses: int


class Royalties:
    """Who earned what by which generation."""

    def __init__(
        self, accruals: Documents[Accrual], uses: Documents[ModelUse], clock: Clock
    ) -> None:
        self._accruals = accruals
        self._uses = uses
        self._clock = clock

    async def note_use(self, generation: str, user: str, model: str, training: str) -> None:
        """Note that a generation used a model; again is the same use."""
        now = self._clock.now()
        use = ModelUse(
            id=new_id("us"),
            created_at=now,
            updated_at=now,
            generation=generation,
            model=model,
            training=training,
            user=user,
        )
        with contextlib.suppress(AlreadyExistsError):
            await self._uses.insert(use)

    async def accrue(self, generation: str, payer: str, parts: Sequence[Part]) -> None:
        """Keep what each payee earned by a generation whose hold was settled with these parts; again
        changes nothing."""
        for part in parts:
            now = self._clock.now()
            accrual = Accrual(
                id=new_id("ar"),
                created_at=now,
                updated_at=now,
                generation=generation,
                payer=payer,
                **part.model_dump(),
            )
            with contextlib.suppress(AlreadyExistsError):
                await self._accruals.insert(accrual)

    async def count_uses(self, model: str) -> int:
        """Count the generations that used a model."""
        return await self._uses.count({"model": model})

    async def sum_model(self, model: str) -> int:
        """Return what a model has earned for all its makers."""
        return await self._accruals.sum("points", {"model": model})

    async def sum_training(self, training: str) -> int:
        """Return what the model of a training has earned for all its makers."""
        return await self._accruals.sum("points", {"training": training})

    async def sum_payee(self, payee: str, model: str = "") -> int:
        """Return what somebody has earned, by one model or by all."""
        where: dict[str, Condition] = {"payee": payee}
        return await self._accruals.sum("points", {**where, "model": model} if model else where)

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Accrual]:
        """List what the principal earned, newest first."""
        where: dict[str, Condition] = {"payee": principal.account}
        return await list_page(self._accruals, where, "-created_at", page)

    async def list_days(self, principal: Principal, days: int) -> list[Earned]:
        """Sum what the principal earned in the last days by day and model, the newest first.

        Today is one of the days, and each is of UTC.
        """
        now = self._clock.now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = midnight - timedelta(days=days - 1, milliseconds=1)
        where: dict[str, Condition] = {"payee": principal.account, "created_at": Above(since)}
        points: Counter[tuple[date, str]] = Counter()
        uses: Counter[tuple[date, str]] = Counter()
        async for accrual in iterate(self._accruals, where):
            key = accrual.created_at.date(), accrual.model
            points[key] += accrual.points
            uses[key] += 1
        keys = sorted(points, key=lambda key: (key[0], points[key], key[1]), reverse=True)
        return [
            Earned(day=key[0], model=key[1], points=points[key], uses=uses[key]) for key in keys
        ]
