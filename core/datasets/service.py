"""Datasets and their items: made, filled, captioned, removed; the one rule behind every door."""

from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.changing import change_anyway
from core.datasets.records import Access, Dataset, Item, ItemState, Member
from core.datasets.texts import check_caption, check_name
from core.errors import InvalidError, NotFoundError, RefusedError, StaleError
from core.paging import iterate, list_page
from core.ports import Clock, Documents
from core.records import Condition, Page, PageRequest, check_version, new_id

MAX_CAPTION_SETS = 20
_NO_DATASET = "There is no such dataset."
_NO_ITEM = "There is no such image."


class Datasets:
    """What people gather to train on."""

    def __init__(
        self,
        datasets: Documents[Dataset],
        items: Documents[Item],
        members: Documents[Member],
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._items = items
        self._members = members
        self._clock = clock

    async def create(self, principal: Principal, name: str, description: str = "") -> Dataset:
        require_scope(principal, Scope.WRITE)
        now = self._clock.now()
        return await self._datasets.insert(
            Dataset(
                id=new_id("ds"),
                created_at=now,
                updated_at=now,
                owner=principal.account,
                name=check_name(name),
                description=check_caption(description),
            )
        )

    async def get(self, principal: Principal, dataset_id: str) -> Dataset:
        """Return a dataset that the principal may see. Raises NotFoundError, the same for all others."""
        dataset = await self.find_live(dataset_id)
        if dataset is not None and dataset.access in (Access.PUBLIC, Access.UNLISTED):
            return dataset
        return await self.get_joint(principal, dataset_id)

    async def get_joint(self, principal: Principal, dataset_id: str) -> Dataset:
        """Return a dataset that the principal works on, as its owner or as a member. Raises NotFoundError."""
        dataset = await self.find_live(dataset_id)
        if dataset is None:
            raise NotFoundError(_NO_DATASET)
        if dataset.owner != principal.account:
            joined = {"dataset": dataset.id, "account": principal.account}
            if not await self._members.find(joined, limit=1):
                raise NotFoundError(_NO_DATASET)
        return dataset

    async def get_own(self, principal: Principal, dataset_id: str) -> Dataset:
        """Return a dataset of the principal's own. Raises NotFoundError."""
        dataset = await self.find_live(dataset_id)
        if dataset is None or dataset.owner != principal.account:
            raise NotFoundError(_NO_DATASET)
        return dataset

    async def list_own(self, principal: Principal, page: PageRequest) -> Page[Dataset]:
        where: dict[str, Condition] = {"owner": principal.account, "deleted": False}
        return await list_page(self._datasets, where, "-created_at", page)

    async def describe(
        self,
        principal: Principal,
        dataset_id: str,
        name: str | None = None,
        description: str | None = None,
        version: int | None = None,
    ) -> Dataset:
        """Change the name or the description. Raises ChangedError unless it is of this version, if one is given."""
        require_scope(principal, Scope.WRITE)
        fields: dict[str, object] = {}
        if name is not None:
            fields["name"] = check_name(name)
        if description is not None:
            fields["description"] = check_caption(description)
        while True:
            dataset = await self.get_own(principal, dataset_id)
            check_version(dataset, version)
            try:
                return await self._datasets.replace(dataset.changed(self._clock.now(), **fields))
            except StaleError:
                continue

    async def choose_captions(
        self, principal: Principal, dataset_id: str, set_name: str, version: int | None = None
    ) -> Dataset:
        """Make a caption set the one that is shown, edited and trained with. Raises InvalidError for an empty one."""
        require_scope(principal, Scope.WRITE)
        name = check_name(set_name)
        while True:
            dataset = await self.get_own(principal, dataset_id)
            check_version(dataset, version)
            items = await self.list_active(dataset.id)
            if not any(item.captions.get(name) for item in items):
                raise InvalidError(f"No picture of this dataset has a caption in the set “{name}”.")
            chosen = dataset.changed(self._clock.now(), default_caption_set=name)
            try:
                return await self._datasets.replace(chosen)
            except StaleError:
                continue

    async def delete(self, principal: Principal, dataset_id: str) -> None:
        """Remove a dataset; bytes that a running job needs live until it has ended (see `Retention`).

        It is marked before its items are withdrawn: an image that comes in meanwhile sees the mark
        after it was stored, or is seen here; and what a crash leaves over, the sweeper withdraws.
        """
        require_scope(principal, Scope.WRITE)
        while True:
            dataset = await self.get_own(principal, dataset_id)
            gone = dataset.changed(self._clock.now(), deleted=True, needs_emptying=True)
            try:
                dataset = await self._datasets.replace(gone)
                break
            except StaleError:
                continue
        await self.empty(dataset)

    async def empty(self, dataset: Dataset) -> None:
        """Withdraw every item of a dataset that was deleted, and let its members go."""
        async for member in iterate(self._members, {"dataset": dataset.id}):
            await self._members.delete(member)
        async for item in iterate(self._items, _active(dataset.id)):
            await self.withdraw(item)

    async def list_items(
        self, principal: Principal, dataset_id: str, page: PageRequest
    ) -> Page[Item]:
        dataset = await self.get(principal, dataset_id)
        return await list_page(self._items, _active(dataset.id), "position", page)

    async def get_item(self, principal: Principal, dataset_id: str, item_id: str) -> Item:
        dataset = await self.get(principal, dataset_id)
        item = await self._find_item(dataset, item_id)
        if item.state is not ItemState.ACTIVE:
            raise NotFoundError(_NO_ITEM)
        return item

    async def caption(
        self,
        principal: Principal,
        dataset_id: str,
        item_id: str,
        text: str,
        *,
        set_name: str = "",
        version: int | None = None,
    ) -> Item:
        """Set one item's caption in a caption set, the dataset's default one unless named.

        Raises ChangedError unless the item is of this version, if one is given."""
        require_scope(principal, Scope.WRITE)
        dataset = await self.get_joint(principal, dataset_id)
        caption = check_caption(text)
        name = check_name(set_name) if set_name else dataset.default_caption_set
        while True:
            item = await self.get_item(principal, dataset_id, item_id)
            check_version(item, version)
            captions = {**item.captions, name: caption}
            if len(captions) > MAX_CAPTION_SETS:
                raise InvalidError(f"An image has captions in at most {MAX_CAPTION_SETS} sets.")
            try:
                return await self._items.replace(item.changed(self._clock.now(), captions=captions))
            except StaleError:
                continue

    async def remove_item(self, principal: Principal, dataset_id: str, item_id: str) -> None:
        """Take out an item: the owner any, a member what they added. Raises NotFoundError, RefusedError."""
        await self.withdraw(await self.check_removal(principal, dataset_id, item_id))

    async def check_removal(self, principal: Principal, dataset_id: str, item_id: str) -> Item:
        """Return an item that the principal may take out. Raises NotFoundError, RefusedError."""
        require_scope(principal, Scope.WRITE)
        dataset = await self.get_joint(principal, dataset_id)
        item = await self.find_kept(principal, dataset, item_id)
        if item.state is not ItemState.ACTIVE:
            raise NotFoundError(_NO_ITEM)
        return item

    async def find_kept(self, principal: Principal, dataset: Dataset, item_id: str) -> Item:
        """Return an item that the principal may take out or back, while its bytes are kept.

        Raises NotFoundError, RefusedError."""
        item = await self._find_item(dataset, item_id)
        if item.state is ItemState.GONE:
            raise NotFoundError(_NO_ITEM)
        if principal.account not in (dataset.owner, item.contributor):
            raise RefusedError("Only the owner of the dataset may remove what others added.")
        return item

    async def list_active(self, dataset_id: str) -> list[Item]:
        """List a dataset's active items in order, for snapshots and reports."""
        return [item async for item in iterate(self._items, _active(dataset_id), "position")]

    async def count_active(self, dataset_id: str) -> int:
        return await self._items.count(_active(dataset_id))

    async def withdraw(self, item: Item) -> None:
        """Take an item out of its dataset, whatever else changes it meanwhile; again changes nothing."""

        def leave(one: Item) -> Item:
            if one.state is not ItemState.ACTIVE:
                return one
            return one.changed(self._clock.now(), state=ItemState.WITHDRAWN, alive=None)

        await change_anyway(self._items, item, leave)

    async def _find_item(self, dataset: Dataset, item_id: str) -> Item:
        try:
            item = await self._items.get(item_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_ITEM) from error
        if item.dataset != dataset.id:
            raise NotFoundError(_NO_ITEM)
        return item

    async def find_live(self, dataset_id: str) -> Dataset | None:
        """Return a dataset that was not deleted, for the core's own rules; doors use `get`."""
        try:
            dataset = await self._datasets.get(dataset_id)
        except NotFoundError:
            return None
        return None if dataset.deleted else dataset


def _active(dataset_id: str) -> dict[str, Condition]:
    return {"dataset": dataset_id, "state": ItemState.ACTIVE}
