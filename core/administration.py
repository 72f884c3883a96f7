"""What admins do for the whole instance: accounts found, points granted, all jobs and the ledger looked at."""

from core.accounts.records import Account, Identity, Principal
from core.accounts.service import Accounts
from core.accounts.tokens import require_admin
from core.acts import AuditLog
from core.errors import InvalidError
from core.jobs.records import VISIBLE, Job, Status
from core.paging import iterate, list_page
from core.points.reconcile import Reconciler, Verdict
from core.points.records import Entry
from core.points.service import Points
from core.ports import Documents
from core.records import Condition, OneOf, Page, PageRequest, Value

MAX_FOUND = 50
MAX_NOTE = 200
_VISIBLE = OneOf(tuple(sorted(status.value for status in VISIBLE)))


class Member(Value):
    """An account as admins see it: where it is known, and what it can spend."""

    account: Account
    identities: tuple[Identity, ...]
    balance_points: int


class Audit(Value):
    """What the reconciler found just now, and why spending is stopped, empty when it is not."""

    verdict: Verdict
    stop_reason: str


class Administration:
    """Each method is for admins alone, and raises ForbiddenError for all others."""

    def __init__(
        self,
        accounts: Documents[Account],
        people: Accounts,
        points: Points,
        jobs: Documents[Job],
        reconciler: Reconciler,
        log: AuditLog,
    ) -> None:
        self._accounts = accounts
        self._people = people
        self._points = points
        self._jobs = jobs
        self._reconciler = reconciler
        self._log = log

    async def find_accounts(self, principal: Principal, text: str = "") -> list[Member]:
        """Find accounts by a part of their name or by their whole id, the newest first, at most MAX_FOUND.

        Accounts that others have taken over are left out.
        """
        require_admin(principal)
        wanted, found = text.strip().casefold(), list[Account]()
        async for account in iterate(self._accounts, {}, "-created_at"):
            fits = wanted in account.display_name.casefold() or wanted == account.id
            if fits and account.merged_into is None:
                found.append(account)
            if len(found) == MAX_FOUND:
                break
        return [await self._describe(account) for account in found]

    async def grant(
        self, principal: Principal, account_id: str, points: int, note: str, key: str
    ) -> Entry:
        """Give points to an account; the same key again is the same grant. Raises InvalidError, NotFoundError."""
        require_admin(principal)
        if not key.strip() or len(key) > MAX_NOTE or not key.isprintable():
            raise InvalidError(
                "Send an Idempotency-Key, so that a repetition is not granted twice."
            )
        if not 1 <= len(note.strip()) <= MAX_NOTE:
            raise InvalidError(f"Say in 1 to {MAX_NOTE} characters what the points are for.")
        account = await self._people.follow(account_id)
        await self._log.note(principal, "grant", account.id, f"{points} points: {note.strip()}")
        return await self._points.grant(
            account.id, points, f"admin:{principal.account}:{key}", note.strip()
        )

    async def list_jobs(
        self, principal: Principal, status: Status | None, page: PageRequest
    ) -> Page[Job]:
        """List everybody's jobs, the newest first, of one state or of all."""
        require_admin(principal)
        where: dict[str, Condition] = {"status": status or _VISIBLE}
        return await list_page(self._jobs, where, "-created_at", page)

    async def audit(self, principal: Principal) -> Audit:
        """Check the whole ledger now; what is found wrong stops spending."""
        require_admin(principal)
        verdict = await self._reconciler.reconcile()
        stop = await self._reconciler.find_stop()
        return Audit(verdict=verdict, stop_reason=stop.reason if stop else "")

    async def lift_stop(self, principal: Principal) -> None:
        """Allow spending again, see `Reconciler.lift_stop`."""
        require_admin(principal)
        await self._log.note(principal, "lift spending stop", "ledger")
        await self._reconciler.lift_stop(principal)

    async def _describe(self, account: Account) -> Member:
        identities = await self._people.list_identities(self._people.speak_for(account))
        balance = await self._points.get_balance(account.id)
        return Member(account=account, identities=tuple(identities), balance_points=balance)
