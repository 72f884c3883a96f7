"""What a list of datasets shows of each: how many pictures it has, the first of them, and whose it is."""

from core.accounts.records import Principal
from core.datasets.records import Dataset, Item, ItemState
from core.ports import Documents
from core.records import Condition, Page


class Overview(Dataset):
    """A dataset, and what is counted of it when it is shown; never stored."""

    items: int
    cover: str | None
    """The id of the first item."""
    own: bool


class Overviews:
    """Counts what is shown of datasets that somebody may see."""

    def __init__(self, items: Documents[Item]) -> None:
        self._items = items

    async def describe(self, principal: Principal, dataset: Dataset) -> Overview:
        """Count one dataset: two look-ups, whatever its size."""
        where: dict[str, Condition] = {"dataset": dataset.id, "state": ItemState.ACTIVE}
        items = await self._items.count(where)
        first = await self._items.find(where, order="position", limit=1) if items else []
        return Overview(
            **dict(dataset),
            items=items,
            cover=first[0].id if first else None,
            own=dataset.owner == principal.account,
        )

    async def describe_page(self, principal: Principal, page: Page[Dataset]) -> Page[Overview]:
        """Count the datasets of one page."""
        found = [await self.describe(principal, dataset) for dataset in page.items]
        return Page(tuple(found), page.next)
