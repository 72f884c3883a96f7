"""What admins do: find accounts, grant points, look at everybody's jobs and at the ledger."""

from adapters.web.routing import Call, Routes
from adapters.web.views.admin import (
    AccountQuery,
    AdminActView,
    AuditView,
    Grant,
    JobQuery,
    JobView,
    MemberAccounts,
    MemberAccountView,
)
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.fleet import FleetView
from adapters.web.views.points import EntryView
from core.accounts.records import Scope
from core.errors import ConflictError, NotFoundError

routes = Routes("admin")


@routes.get("/admin/accounts", scope=Scope.ADMIN)
async def find_accounts(call: Call, query: AccountQuery) -> MemberAccounts:
    """Find accounts by a part of their name or by their id, the newest first, at most 50."""
    found = await call.studio.administration.find_accounts(call.principal, query.text)
    return MemberAccounts(items=tuple(map(MemberAccountView.show, found)))


@routes.post(
    "/admin/accounts/{account_id}/grants",
    scope=Scope.ADMIN,
    status=201,
    errors=(NotFoundError, ConflictError),
)
async def grant_points(call: Call, account_id: str, body: Grant, idempotency_key: str) -> EntryView:
    """Give points to an account.

    The same Idempotency-Key with the same content is the same grant, with other content 409."""
    entry = await call.studio.administration.grant(
        call.principal, account_id, body.points, body.note, idempotency_key
    )
    return EntryView.of(entry.model_dump(include=set(EntryView.model_fields)))


@routes.get("/admin/jobs", scope=Scope.ADMIN)
async def list_all_jobs(call: Call, query: JobQuery) -> Listing[JobView]:
    """List everybody's jobs, the newest first."""
    page = await call.studio.administration.list_jobs(call.principal, query.status, query.page())
    return Listing[JobView].of(page)


@routes.get("/admin/workers", scope=Scope.ADMIN)
async def list_workers(call: Call) -> FleetView:
    """List the workers that are up, those that were lost in the last hour, and how many jobs wait."""
    return FleetView.show(await call.studio.fleet.report(call.principal))


@routes.post("/admin/ledger-audits", scope=Scope.ADMIN)
async def audit_ledger(call: Call) -> AuditView:
    """Check the whole ledger now; what is found wrong stops spending."""
    return AuditView.of(await call.studio.administration.audit(call.principal))


@routes.get("/admin/acts", scope=Scope.ADMIN)
async def list_admin_acts(call: Call, query: PageQuery) -> Listing[AdminActView]:
    """List what admins did: who, what, to what and when, the newest first."""
    page = await call.studio.operations.audit_log.list_all(call.principal, query.page())
    return Listing[AdminActView].of(page)


@routes.delete("/admin/spending-stop", scope=Scope.ADMIN)
async def lift_spending_stop(call: Call) -> None:
    """Allow spending again; the next check stops it once more while anything is wrong still."""
    await call.studio.administration.lift_stop(call.principal)
