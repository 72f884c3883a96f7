"""Operations on points; made from the OpenAPI document by `python -m adapters.client.generate`."""

from pathlib import Path

from adapters.client.connection import Connection, Request
from adapters.client.models.points import (
    AccrualView,
    BalanceView,
    CapsForm,
    EarnedDays,
    EarningsView,
    EntryView,
    PackageList,
    ReceiverView,
    SpendingView,
    TransferForm,
    TransferView,
)
from adapters.client.paging import Pages


class PointsOperations(Connection):
    """The operations on points."""

    async def get_balance(self) -> BalanceView:
        """Get what you can spend now."""
        return await self._ask(BalanceView, Request("GET", ("points", "balance")))

    async def get_spending(self) -> SpendingView:
        """Get what you have spent today and this month, and your own caps."""
        return await self._ask(SpendingView, Request("GET", ("points", "spending")))

    async def set_caps(self, body: CapsForm) -> SpendingView:
        """Cap what you spend in a day and in a month of UTC; beyond it every purchase is refused.

        What is left out has no cap. Tokens that may only spend cannot change caps.
        """
        return await self._ask(SpendingView, Request("PUT", ("points", "caps"), body=body))

    async def list_packages(self) -> PackageList:
        """List what points cost, and the platforms on which the bot sells them."""
        return await self._ask(PackageList, Request("GET", ("points", "packages")))

    async def find_receiver(self, name: str) -> ReceiverView:
        """Find who would receive points, to look at their name before you give.

        Named by account id, or by what a platform calls them on which you are known too: `discord:1234`.
        """
        return await self._ask(ReceiverView, Request("GET", ("points", "receivers", name)))

    async def give_points(self, body: TransferForm, *, key: str = "") -> TransferView:
        """Give points to somebody, who is told; nobody but they can give them back."""
        return await self._ask(
            TransferView, Request("POST", ("points", "transfers"), body=body, key=key)
        )

    def get_statement(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[EntryView]:
        """List every movement of your points, newest first."""
        return self._list(
            EntryView,
            Request("GET", ("points", "statement"), query={"limit": limit, "after": after}),
        )

    async def get_statement_csv(self, *, to: Path) -> Path:
        """Download the whole statement as CSV, newest first."""
        return await self._download(Request("GET", ("points", "statement.csv")), to)

    async def get_earnings(self) -> EarningsView:
        """Get what your models have earned, and what of it was paid out."""
        return await self._ask(EarningsView, Request("GET", ("royalties",)))

    def list_accruals(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[AccrualView]:
        """List what your models have earned, by generation, newest first."""
        return self._list(
            AccrualView,
            Request("GET", ("royalties", "accruals"), query={"limit": limit, "after": after}),
        )

    async def list_earned_days(self, *, days: int | None = None) -> EarnedDays:
        """Sum what you have earned by day, of UTC, and model, the latest day first."""
        return await self._ask(
            EarnedDays, Request("GET", ("royalties", "days"), query={"days": days})
        )
