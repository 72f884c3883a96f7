"""Checks every invariant of the ledger, and stops spending when one is broken."""

import contextlib
import logging
from datetime import timedelta

from core.accounts.records import Principal
from core.errors import (
    AlreadyExistsError,
    DamagedError,
    ForbiddenError,
    NotFoundError,
    StaleError,
)
from core.jobs.records import Job, Status
from core.paging import iterate
from core.points.audit import PAIRS, ChainAudit, check_job, royalties_in
from core.points.legs import accrued_account
from core.points.records import Entry, EntryKind, SpendingStop
from core.points.service import Points
from core.ports import Clock, Documents
from core.records import Above, Value
from core.royalties.records import Accrual
from core.topups.audit import PaymentAudit

_log = logging.getLogger(__name__)
_MAX_FINDINGS = 100
_MAX_LOOKS = 5
_ACCRUAL_GRACE = timedelta(minutes=2)
"""As long as the accruals may take to follow the entry that they belong to."""
STOP_ID = "stop_ledger"


class Verdict(Value):
    """What the reconciler found; of the findings the first hundred."""

    entries: int
    jobs: int
    open_holds_points: int
    findings: tuple[str, ...]
    granted_points: int = 0
    charged_points: int = 0
    balances_points: int = 0
    between_points: int = 0
    """On their way from one member to another; the sweeper brings them there."""

    @property
    def is_sound(self) -> bool:
        return not self.findings


class _Tally:
    """What one run counts and finds; bounded, however wrong the ledger is."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.entries = self.jobs = 0
        self.granted = self.charged = self.held = self.balances = self.moved = 0
        self.swept = 0

    def find(self, findings: list[str]) -> None:
        self.findings.extend(findings[: _MAX_FINDINGS - len(self.findings)])

    def add(self, chain: ChainAudit) -> None:
        self.entries += chain.entries
        self.granted += chain.granted_points
        self.charged += chain.charged_points
        self.moved += chain.moved_points
        self.swept += chain.swept_points
        self.held += sum(chain.open_holds.values())
        self.balances += chain.balance_points


class Reconciler:
    """Reads the whole ledger and all jobs with bounded memory: one chain and one job at a time."""

    def __init__(
        self,
        entries: Documents[Entry],
        stops: Documents[SpendingStop],
        jobs: Documents[Job],
        accruals: Documents[Accrual],
        payments: PaymentAudit,
        points: Points,
        clock: Clock,
    ) -> None:
        self._accruals = accruals
        self._payments = payments
        self._entries = entries
        self._stops = stops
        self._jobs = jobs
        self._clock = clock
        self._points = points

    async def reconcile(self) -> Verdict:
        """Check everything; on a finding stop spending until an admin has lifted the stop.

        Runs beside everything else: each state that a submission or a settlement passes through
        is sound, and what moves while it is looked at is looked at again.
        """
        tally = _Tally()
        for check in (self._check_chains, self._check_jobs, self._check_payments):
            try:
                await check(tally)
            except DamagedError as error:
                tally.find([error.message])
        came_in = tally.granted + tally.moved + tally.swept
        if came_in != tally.charged + tally.held + tally.balances:
            tally.find(["what was granted is not what was charged, is held and is left"])
        if tally.findings:
            await self._stop_spending(tally.findings[0])
        return Verdict(
            entries=tally.entries,
            jobs=tally.jobs,
            open_holds_points=tally.held,
            findings=tuple(tally.findings),
            granted_points=tally.granted,
            charged_points=tally.charged,
            balances_points=tally.balances,
            between_points=-tally.moved,
        )

    async def find_stop(self) -> SpendingStop | None:
        """Return the stop that is in force, None while points can be spent."""
        found = await self._stops.find({}, limit=1)
        return found[0] if found else None

    async def lift_stop(self, principal: Principal) -> None:
        """Allow spending again; the next run stops it once more while anything is wrong still."""
        if not principal.is_admin:
            raise ForbiddenError("Only an admin can allow spending again.")
        try:
            await self._stops.delete(await self._stops.get(STOP_ID))
        except (NotFoundError, StaleError):
            return
        _log.warning("the spending stop was lifted by %s", principal.account)

    async def _check_chains(self, tally: _Tally) -> None:
        """Check each entry alone, and that each chain counts and adds up without a gap."""
        account = await self._next_account("")
        while account is not None:
            chain = ChainAudit(account)
            async for entry in iterate(self._entries, {"account": account}, "seq"):
                tally.find(chain.add(entry))
                if entry.kind in PAIRS:
                    await self._check_move(entry, tally)
                if entry.kind in (EntryKind.TOP_UP, EntryKind.REFUND):
                    tally.find(await self._payments.check(entry))
                if royalties_in(entry):
                    await self._check_accruals(entry, tally)
            for ref in chain.open_holds:
                await self._check_hold(account, ref, tally)
            if chain.swept_points > await self._accruals.sum("points", {"payee": account}):
                tally.find([f"{account} was paid more royalties than it has earned"])
            tally.add(chain)
            account = await self._next_account(account)

    async def _check_move(self, entry: Entry, tally: _Tally) -> None:
        """Check that what came in went out elsewhere: that entry is always the earlier one."""
        ref = entry.ref
        out = PAIRS[entry.kind].value
        given = await self._entries.find({"ref": ref, "kind": out}, limit=2)
        taken = await self._entries.find({"ref": ref, "kind": entry.kind.value}, limit=2)
        amounts = [-went.amount_points for went in given]
        if amounts != [into.amount_points for into in taken] or len(amounts) != 1:
            tally.find([f"{entry.account} entry {entry.seq}: came in, and went out nowhere"])

    async def _check_accruals(self, entry: Entry, tally: _Tally) -> None:
        """Check that what an entry gave to makers is accrued to the same makers, once it is settled."""
        earned: dict[str, int] = {}
        for accrual in await self._accruals.find({"generation": entry.ref}):
            payee = accrued_account(accrual.payee)
            earned[payee] = earned.get(payee, 0) + accrual.points
        if earned == royalties_in(entry):
            return
        job = await self._find_job(entry.ref)
        is_under_way = job is not None and job.needs_settling
        if entry.created_at > self._clock.now() - _ACCRUAL_GRACE or is_under_way:
            return
        tally.find([f"{entry.account} entry {entry.seq}: its royalties are not what was accrued"])

    async def _next_account(self, account: str) -> str | None:
        where = {"account": Above(account)}
        found = await self._entries.find(where, order="account", limit=1)
        return found[0].account if found else None

    async def _check_hold(self, account: str, ref: str, tally: _Tally) -> None:
        """Check that points are held for a job of this member; how many, `check_job` checks."""
        job = await self._find_job(ref)
        if job is None:
            tally.find([f"{account} holds points for {ref}, which does not exist"])
        elif (job.payer or job.owner) != account:
            tally.find([f"{account} holds points for {ref}, which is another's"])

    async def _check_jobs(self, tally: _Tally) -> None:
        async for job in iterate(self._jobs, {}):
            tally.find(await self._check_job(job))
            tally.jobs += 1

    async def _check_payments(self, tally: _Tally) -> None:
        tally.find(await self._payments.check_all())

    async def _check_job(self, job: Job) -> list[str]:
        found: list[str] = []
        for _ in range(_MAX_LOOKS):
            if job.status is Status.PENDING:
                return []
            payer = job.payer or job.owner
            hold = await self._points.find_hold(payer, job.id)
            found = check_job(job, hold, await self._points.find_settlement(payer, job.id))
            fresh = await self._find_job(job.id) if found else None
            if fresh is None or fresh.version == job.version:
                return found
            job = fresh  # it moved between the reads
        return []

    async def _find_job(self, job_id: str) -> Job | None:
        try:
            return await self._jobs.get(job_id)
        except NotFoundError:
            return None

    async def _stop_spending(self, reason: str) -> None:
        _log.critical("the ledger is wrong, spending stops: %s", reason)
        now = self._clock.now()
        stop = SpendingStop(id=STOP_ID, created_at=now, updated_at=now, reason=reason)
        with contextlib.suppress(AlreadyExistsError):
            await self._stops.insert(stop)
