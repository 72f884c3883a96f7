"""Where others keep the name of somebody who is gone: gifts, notes of statements, news; numbers stay as they are."""

import contextlib
from collections.abc import Mapping

from pydantic import JsonValue

from core.changing import change_anyway
from core.errors import NotFoundError
from core.leaving.scrubbing import GONE_NAME, scrub_transfer
from core.leaving.stores import OwnStores
from core.paging import iterate
from core.points.records import Transfer


class Traces:
    """Takes a name out of what stays."""

    def __init__(self, stores: OwnStores) -> None:
        self._stores = stores

    async def scrub(self, account: str) -> None:
        """Take the name, and what they called their things, out of everything; again changes nothing."""
        stores = self._stores
        async for entry in iterate(stores.entries, {"account": account}):
            await change_anyway(
                stores.entries, entry, lambda one: one.model_copy(update={"note": ""})
            )
        async for transfer in iterate(stores.transfers, {}):
            if account in (transfer.account, transfer.target):
                await self._scrub_transfer(transfer, account)
        async for member in iterate(stores.members, {"account": account}):
            with contextlib.suppress(NotFoundError):
                owner = (await stores.datasets.get(member.dataset)).owner
                await self._scrub_news(owner, f"joined:{member.id}", {"member": GONE_NAME})

    async def _scrub_transfer(self, transfer: Transfer, account: str) -> None:
        stores = self._stores
        other = transfer.target if account == transfer.account else transfer.account
        for entry in await stores.entries.find({"ref": transfer.id, "account": other}):
            await change_anyway(
                stores.entries, entry, lambda one: one.model_copy(update={"note": GONE_NAME})
            )
        if account == transfer.account:
            reader = await self._follow(transfer.target)
            await self._scrub_news(reader, f"received:{transfer.id}", {"giver": GONE_NAME})
        await change_anyway(stores.transfers, transfer, lambda one: scrub_transfer(one, account))

    async def _scrub_news(self, account: str, key: str, words: Mapping[str, JsonValue]) -> None:
        stores = self._stores
        for news in await stores.notifications.find({"account": account, "key": key}):
            await change_anyway(
                stores.notifications,
                news,
                lambda one: one.model_copy(update={"data": {**one.data, **words}}),
            )

    async def _follow(self, account: str) -> str:
        """Find who has taken an account over, and its news with it."""
        found = await self._stores.accounts.get(account)
        while found.merged_into is not None:
            found = await self._stores.accounts.get(found.merged_into)
        return found.id
