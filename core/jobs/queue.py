"""Which jobs a worker could claim; apart because finding them with bounded reads is a matter of its own."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from core.accounts.service import Accounts
from core.jobs.records import LEASED, TERMINAL, Job, Kind, Status
from core.paging import iterate
from core.ports import Documents
from core.records import Above, Below, Condition, NoneOf, OneOf


def _list_states(states: Iterable[Status]) -> OneOf:
    return OneOf(tuple(sorted(status.value for status in states)))


LEASED_STATES = _list_states(LEASED)
LIVE_STATES = _list_states(frozenset(Status) - TERMINAL)
ENDED_STATES = _list_states(TERMINAL)
PLENTY_GB = 256
"""More memory than any job needs."""
_AT_ONCE = 64
"""Waiting jobs of a kind that are read in one request."""
_OWNERS_AT_ONCE = 50
_MAX_EXPIRED = 500

Busy = dict[tuple[str, Kind], list[int]]
"""The slots that an account has taken, by kind."""
Where = dict[str, Condition]


class Queue:
    """What waits, read in bounded requests, however long it is."""

    def __init__(self, jobs: Documents[Job], accounts: Accounts) -> None:
        self._jobs = jobs
        self._accounts = accounts

    async def list_claimable(
        self, now: datetime, families: frozenset[str], kinds: frozenset[Kind], memory_gb: int
    ) -> tuple[list[Job], Busy]:
        """List jobs whose lease has run out and the oldest queued jobs, and what their accounts have running.

        A queue is read until an account comes up that may run a job of the kind and runs none:
        whoever comes later has no better turn. The accounts seen are left out of the next request,
        so that no long queue hides another account's job.
        """
        claimable: list[Job] = []
        busy: Busy = {}
        for kind in sorted(kinds):
            where = _select(kind, families, memory_gb)
            expired = await find_expired(self._jobs, now, where)
            busy |= await self._list_busy(kind, {job.owner for job in expired})
            claimable += [*expired, *await self._list_waiting(kind, where, busy)]
        return claimable, busy

    async def list_free(self, job: Job, busy: Sequence[int]) -> list[int]:
        """List the slots that a job could take; one that was claimed before keeps its own."""
        if job.slot is not None:
            return [job.slot]
        cap = await self._get_cap(job.owner)
        return [slot for slot in range(cap) if slot not in busy] if len(busy) < cap else []

    async def _get_cap(self, account: str) -> int:
        return (await self._accounts.get_quotas(account)).quotas.max_running_jobs

    async def _list_waiting(self, kind: Kind, where: Where, busy: Busy) -> list[Job]:
        """List queued jobs of a kind, and note in `busy` what their accounts have running."""
        waiting: list[Job] = []
        seen: set[str] = set()
        while True:
            others = NoneOf(tuple(sorted(seen)))
            some = await self._jobs.find(
                {"waiting": others, **where}, order="created_at", limit=_AT_ONCE
            )
            waiting += some
            owners = {job.owner for job in some}
            busy |= await self._list_busy(kind, owners)
            idle = (owner for owner in sorted(owners) if not busy[owner, kind])
            if len(some) < _AT_ONCE or await self._find_any(idle):
                return waiting
            seen |= owners

    async def _find_any(self, idle: Iterable[str]) -> bool:
        """Say whether one of the accounts may run a job."""
        for owner in idle:
            if await self._get_cap(owner):
                return True
        return False

    async def _list_busy(self, kind: Kind, owners: set[str]) -> Busy:
        """List the slots that accounts have taken, those of expired leases included.

        Only those accounts are asked, so that a claim reads no more the more workers there are.
        """
        busy: Busy = {(owner, kind): [] for owner in owners}
        names = sorted(owners)
        for start in range(0, len(names), _OWNERS_AT_ONCE):
            some = OneOf(tuple(names[start : start + _OWNERS_AT_ONCE]))
            taken: Where = {"owner": some, "kind": kind, "slot": Above(-1)}
            async for job in iterate(self._jobs, taken):
                if job.slot is not None:
                    busy[job.owner, kind].append(job.slot)
        return busy


def _select(kind: Kind, families: frozenset[str], memory_gb: int) -> Where:
    """Say which jobs of a kind a worker can do; captions need no base model."""
    enough = OneOf((None, *range(1, min(memory_gb, PLENTY_GB) + 1)))
    where: Where = {"kind": kind, "vram_gb": enough}
    if kind is not Kind.CAPTION:
        where["spec.base_model.family"] = OneOf(tuple(sorted(families)))
    return where


async def find_expired(
    jobs: Documents[Job], now: datetime, where: Where | None = None
) -> list[Job]:
    """Find jobs whose lease has run out; more than the limit come up next time, as these leave."""
    expired: Where = {"status": LEASED_STATES, "lease.expires_at": Below(now)}
    return await jobs.find({**expired, **(where or {})}, order="created_at", limit=_MAX_EXPIRED)
