"""Checks every invariant of the ledger, and stops spending when one is broken."""

import contextlib
import logging

from core.errors import AlreadyExistsError
from core.jobs.records import TERMINAL, Job, Status
from core.points.records import Entry, EntryKind, SpendingStop
from core.points.service import hash_request, hold_account
from core.ports import Clock, Documents
from core.records import Above, Cursor, Value

_log = logging.getLogger(__name__)
_PAGE = 1000
STOP_ID = "stop_ledger"


class Verdict(Value):
    """What the reconciler found."""

    entries: int
    jobs: int
    open_holds_points: int
    findings: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        return not self.findings


class Reconciler:
    """Reads the whole ledger and all jobs with bounded memory: one chain and one job at a time."""

    def __init__(
        self,
        entries: Documents[Entry],
        stops: Documents[SpendingStop],
        jobs: Documents[Job],
        clock: Clock,
    ) -> None:
        self._entries = entries
        self._stops = stops
        self._jobs = jobs
        self._clock = clock

    async def reconcile(self) -> Verdict:
        """Check everything; on a finding stop spending until an admin has lifted the stop."""
        findings: list[str] = []
        entries = await self._check_chains(findings)
        jobs, held = await self._check_jobs(findings)
        if findings:
            await self._stop_spending(findings[0])
        return Verdict(
            entries=entries, jobs=jobs, open_holds_points=held, findings=tuple(findings[:100])
        )

    async def _check_chains(self, findings: list[str]) -> int:
        """Check each entry alone, and that each chain counts and adds up without a gap."""
        count = 0
        account = await self._next_account("")
        while account is not None:
            count += await self._check_chain(account, findings)
            account = await self._next_account(account)
        return count

    async def _check_chain(self, account: str, findings: list[str]) -> int:
        count = 0
        last: Entry | None = None
        after: Cursor | None = None
        while True:
            where = {"account": account}
            page = await self._entries.find(where, order="seq", limit=_PAGE, after=after)
            for entry in page:
                findings.extend(check_entry(entry, last))
                last = entry
            count += len(page)
            if len(page) < _PAGE:
                return count
            after = Cursor(value=page[-1].seq, id=page[-1].id)

    async def _next_account(self, account: str) -> str | None:
        where = {"account": Above(account)}
        found = await self._entries.find(where, order="account", limit=1)
        return found[0].account if found else None

    async def _check_jobs(self, findings: list[str]) -> tuple[int, int]:
        """Check that live jobs hold their price, ended ones nothing; return jobs and points held."""
        count = held_points = 0
        after: Cursor | None = None
        while True:
            page = await self._jobs.find({}, order="id", limit=_PAGE, after=after)
            for job in page:
                held, finding = await self._check_job(job)
                held_points += held
                findings.extend(finding)
                count += 1
            if len(page) < _PAGE:
                return count, held_points
            after = Cursor(value=page[-1].id, id=page[-1].id)

    async def _check_job(self, job: Job) -> tuple[int, list[str]]:
        if job.status is Status.PENDING or job.needs_settling:
            return 0, []
        entries = await self._entries.find({"account": job.owner, "ref": job.id})
        account = hold_account(job.id)
        held = sum(
            leg.amount_points for entry in entries for leg in entry.legs if leg.account == account
        )
        wanted = 0 if job.status in TERMINAL else job.quote.points
        if held == wanted:
            return held, []
        fresh = await self._jobs.get(job.id)
        if fresh.version != job.version:  # it moved between the two reads
            return await self._check_job(fresh)
        return held, [f"{job.id} is {job.status.value} and holds {held} points instead of {wanted}"]

    async def _stop_spending(self, reason: str) -> None:
        _log.critical("the ledger is wrong, spending stops: %s", reason)
        now = self._clock.now()
        stop = SpendingStop(id=STOP_ID, created_at=now, updated_at=now, reason=reason)
        with contextlib.suppress(AlreadyExistsError):
            await self._stops.insert(stop)


def check_entry(entry: Entry, before: Entry | None) -> list[str]:
    """List what is wrong with an entry, given the one before it in its chain."""
    name = f"{entry.account} entry {entry.seq}"
    found = []
    if sum(leg.amount_points for leg in entry.legs) != 0:
        found.append(f"{name}: legs do not sum to zero")
    own = sum(leg.amount_points for leg in entry.legs if leg.account == entry.account)
    if own != entry.amount_points:
        found.append(f"{name}: amount differs from its leg")
    if entry.seq != (before.seq + 1 if before else 1):
        found.append(f"{name}: the chain has a gap")
    if entry.balance_after_points != (before.balance_after_points if before else 0) + own:
        found.append(f"{name}: the balance does not follow from the one before")
    if entry.balance_after_points < 0:
        found.append(f"{name}: the balance is negative")
    if entry.request_sha256 != hash_request(EntryKind(entry.kind), entry.ref, entry.legs):
        found.append(f"{name}: the content differs from its hash")
    return found
