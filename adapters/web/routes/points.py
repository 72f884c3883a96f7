"""Points: balance, caps and transfers, and the statement on screen and as CSV."""

import csv
import io

from aiohttp import hdrs, web

from adapters.web.downloads import write
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.points import (
    AccrualView,
    BalanceView,
    CapsForm,
    DaysQuery,
    EarnedDays,
    EarnedView,
    EarningsView,
    EntryView,
    PackageList,
    PackageView,
    ReceiverView,
    SpendingView,
    TillView,
    TransferForm,
    TransferView,
)
from core.accounts.records import Scope, SpendingCaps
from core.errors import ConflictError, InsufficientPointsError, NotFoundError, RefusedError
from core.points.records import Entry
from core.points.spending import Spent
from core.records import Page, PageRequest, format_time

routes = Routes("points")
_COLUMNS = ("time", "kind", "ref", "note", "amount_points", "balance_after_points")


@routes.get("/points/balance")
async def get_balance(call: Call) -> BalanceView:
    """Get what you can spend now."""
    balance = await call.studio.points.get_balance(call.principal.account)
    return BalanceView(balance_points=balance)


@routes.get("/points/spending")
async def get_spending(call: Call) -> SpendingView:
    """Get what you have spent today and this month, and your own caps."""
    return _show_spent(await call.studio.spending.get_spent(call.principal))


@routes.put("/points/caps", scope=Scope.WRITE)
async def set_caps(call: Call, body: CapsForm) -> SpendingView:
    """Cap what you spend in a day and in a month of UTC; beyond it every purchase is refused.

    What is left out has no cap. Tokens that may only spend cannot change caps."""
    caps = SpendingCaps(day_points=body.day_points, month_points=body.month_points)
    return _show_spent(await call.studio.spending.set_caps(call.principal, caps))


@routes.get("/points/packages")
async def list_packages(call: Call) -> PackageList:
    """List what points cost, and the platforms on which the bot sells them."""
    top_ups = call.studio.top_ups
    tills = (TillView(platform=name, address=where) for name, where in top_ups.tills.items())
    return PackageList(items=tuple(map(PackageView.of, top_ups.packages)), sold_on=tuple(tills))


@routes.get("/points/receivers/{name}", errors=(RefusedError,))
async def find_receiver(call: Call, name: str) -> ReceiverView:
    """Find who would receive points, to look at their name before you give.

    Named by account id, or by what a platform calls them on which you are known too: `discord:1234`."""
    return ReceiverView.of(await call.studio.transfers.find_receiver(call.principal, name))


@routes.post(
    "/points/transfers",
    scope=Scope.SPEND,
    status=201,
    errors=(InsufficientPointsError, NotFoundError, ConflictError),
)
async def give_points(call: Call, body: TransferForm, idempotency_key: str) -> TransferView:
    """Give points to somebody, who is told; nobody but they can give them back."""
    given = (body.to, body.points, idempotency_key)
    return TransferView.of(await call.studio.transfers.give(call.principal, *given))


@routes.get("/points/statement")
async def get_statement(call: Call, query: PageQuery) -> Listing[EntryView]:
    """List every movement of your points, newest first."""
    page = await call.studio.points.get_statement(call.principal, query.page())
    return Listing[EntryView].show(page, lambda entry: EntryView.show(entry, call.words))


@routes.get("/points/statement.csv", media="text/csv")
async def get_statement_csv(call: Call) -> web.StreamResponse:
    """Download the whole statement as CSV, newest first."""
    page = await call.studio.points.get_statement(call.principal, PageRequest(limit=200))
    response = web.StreamResponse(
        headers={hdrs.CONTENT_DISPOSITION: 'attachment; filename="statement.csv"'}
    )
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(call.request)
    if call.request.method == hdrs.METH_HEAD:
        return response
    await write(response, (",".join(_COLUMNS) + "\r\n").encode())
    while True:
        await write(response, _write_rows(page))
        if page.next is None:
            break
        next_page = PageRequest(limit=200, after=page.next)
        page = await call.studio.points.get_statement(call.principal, next_page)
    await response.write_eof()
    return response


@routes.get("/royalties")
async def get_earnings(call: Call) -> EarningsView:
    """Get what your models have earned, and what of it was paid out."""
    earnings = await call.studio.payouts.get_earnings(call.principal)
    return EarningsView.of(earnings)


@routes.get("/royalties/accruals")
async def list_accruals(call: Call, query: PageQuery) -> Listing[AccrualView]:
    """List what your models have earned, by generation, newest first."""
    page = await call.studio.royalties.list_own(call.principal, query.page())
    return Listing[AccrualView].of(page)


@routes.get("/royalties/days")
async def list_earned_days(call: Call, query: DaysQuery) -> EarnedDays:
    """Sum what you have earned by day, of UTC, and model, the latest day first."""
    found = await call.studio.royalties.list_days(call.principal, query.days)
    return EarnedDays(items=tuple(map(EarnedView.of, found)))


def _show_spent(spent: Spent) -> SpendingView:
    return SpendingView(
        day_cap_points=spent.caps.day_points,
        day_spent_points=spent.day_points,
        month_cap_points=spent.caps.month_points,
        month_spent_points=spent.month_points,
    )


def _write_rows(page: Page[Entry]) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    for entry in page.items:
        cells = (format_time(entry.created_at), entry.kind.value, entry.ref, entry.note)
        numbers = (entry.amount_points, entry.balance_after_points)
        rows.writerow((*(_disarm(cell) for cell in cells), *numbers))
    return text.getvalue().encode()


def _disarm(cell: str) -> str:
    """Keep spreadsheets from taking text for a formula. Source: OWASP, CSV Injection."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
