"""The order of a dataset's items, changed by hand: moved ones get a place between two others."""

import contextlib
from collections.abc import Sequence

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.datasets.records import Item
from core.datasets.service import Datasets
from core.errors import InvalidError, NotFoundError, StaleError
from core.ports import Clock, Documents

MAX_MOVED = 500


class Arrangement:
    """Moves items; each is one compare-and-set, so a crash leaves some where they were."""

    def __init__(self, datasets: Datasets, items: Documents[Item], clock: Clock) -> None:
        self._datasets = datasets
        self._items = items
        self._clock = clock

    async def move(
        self, principal: Principal, dataset_id: str, item_ids: Sequence[str], before: str | None
    ) -> None:
        """Put items, in this order, before another one, or behind all others.

        Raises NotFoundError, and InvalidError for too many, twice the same, or one before itself.
        """
        require_scope(principal, Scope.WRITE)
        dataset = await self._datasets.get_joint(principal, dataset_id)
        wanted = dict.fromkeys(item_ids)
        if len(wanted) != len(item_ids) or before in wanted or len(wanted) > MAX_MOVED:
            raise InvalidError(f"Move up to {MAX_MOVED} different pictures, before another one.")
        items = await self._datasets.list_active(dataset.id)
        known = {item.id: item for item in items}
        if not known.keys() >= wanted.keys() | ({before} if before else set()):
            raise NotFoundError("There is no such image.")
        rest = [item for item in items if item.id not in wanted]
        place = rest.index(known[before]) if before else len(rest)
        now_position = int(self._clock.now().timestamp() * 1_000_000)
        for item_id, position in find_positions(rest, place, list(wanted), now_position):
            await self._put(item_id, position)

    async def _put(self, item_id: str, position: int) -> None:
        """Write an item's position, whatever else changes it meanwhile; one that is removed is left out."""
        with contextlib.suppress(NotFoundError):
            while True:
                item = await self._items.get(item_id)
                try:
                    await self._items.replace(item.changed(self._clock.now(), position=position))
                    return
                except StaleError:
                    continue


def find_positions(
    rest: Sequence[Item], place: int, moved: Sequence[str], now_position: int
) -> list[tuple[str, int]]:
    """Find positions for moved items before `rest[place]`, and new ones for those that must make room.

    `now_position` is where a new picture would come; those moved to the end stay before it. Positions
    are only lowered, the lowest first: read half-way through, the order of the others is what it was.
    """
    count = len(moved)
    if place == len(rest):
        first = max(now_position - count, rest[-1].position + 1 if rest else 0)
        return [(item, first + index) for index, item in enumerate(moved)]
    above = rest[place].position
    below = rest[place - 1].position if place else above - (count + 1) * 1_000_000
    if above - below > count:
        step = (above - below) // (count + 1)
        return [(item, below + step * (index + 1)) for index, item in enumerate(moved)]
    placed = [(item, above - count + index) for index, item in enumerate(moved)]
    limit = above - count - 1
    for item in reversed(rest[:place]):
        if item.position <= limit:
            break
        placed.insert(0, (item.id, limit))
        limit -= 1
    return placed
