"""Operations on admin; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.admin import (
    AdminActView,
    AuditView,
    FleetView,
    Grant,
    JobView,
    MemberAccounts,
    Status,
)
from adapters.client.models.points import EntryView
from adapters.client.paging import Pages


class AdminOperations(Connection):
    """The operations on admin."""

    async def find_accounts(self, *, text: str | None = None) -> MemberAccounts:
        """Find accounts by a part of their name or by their id, the newest first, at most 50."""
        return await self._ask(
            MemberAccounts, Request("GET", ("admin", "accounts"), query={"text": text})
        )

    async def grant_points(self, account_id: str, body: Grant, *, key: str = "") -> EntryView:
        """Give points to an account.

        The same Idempotency-Key with the same content is the same grant, with other content 409.
        """
        return await self._ask(
            EntryView,
            Request("POST", ("admin", "accounts", account_id, "grants"), body=body, key=key),
        )

    def list_all_jobs(
        self, *, limit: int | None = None, after: str | None = None, status: Status | None = None
    ) -> Pages[JobView]:
        """List everybody's jobs, the newest first."""
        return self._list(
            JobView,
            Request(
                "GET", ("admin", "jobs"), query={"limit": limit, "after": after, "status": status}
            ),
        )

    async def list_workers(self) -> FleetView:
        """List the workers that are up, those that were lost in the last hour, and how many jobs wait."""
        return await self._ask(FleetView, Request("GET", ("admin", "workers")))

    async def audit_ledger(self) -> AuditView:
        """Check the whole ledger now; what is found wrong stops spending."""
        return await self._ask(AuditView, Request("POST", ("admin", "ledger-audits")))

    def list_admin_acts(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[AdminActView]:
        """List what admins did: who, what, to what and when, the newest first."""
        return self._list(
            AdminActView, Request("GET", ("admin", "acts"), query={"limit": limit, "after": after})
        )

    async def lift_spending_stop(self) -> None:
        """Allow spending again; the next check stops it once more while anything is wrong still."""
        await self._do(Request("DELETE", ("admin", "spending-stop")))
