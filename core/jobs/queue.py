"""Which jobs a worker could claim; apart because finding them with bounded reads is a matter of its own."""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime

from core.jobs.records import LEASED, TERMINAL, Job, Kind, Status
from core.ports import Documents
from core.records import Above, Below, Condition, OneOf


def _list_states(states: Iterable[Status]) -> OneOf:
    return OneOf(tuple(sorted(status.value for status in states)))


LEASED_STATES = _list_states(LEASED)
LIVE_STATES = _list_states(frozenset(Status) - TERMINAL)
ENDED_STATES = _list_states(TERMINAL)
PLENTY_GB = 256
"""More memory than any job needs."""
_FEW = 128
"""Waiting jobs of a kind that are read in one request; of more, each account's oldest are."""
_OLDEST_PER_ACCOUNT = 8
_OWNERS_AT_ONCE = 50
_MAX_EXPIRED = 500


async def list_claimable(
    jobs: Documents[Job],
    now: datetime,
    families: frozenset[str],
    kinds: frozenset[Kind],
    memory_gb: int = PLENTY_GB,
) -> list[Job]:
    """List jobs whose lease has run out, and the queued jobs, of a long queue the oldest of each account.

    In a long queue each account is asked for its own, so that no queue hides another account's
    job, and no job for other workers hides one for this worker.
    """
    wanted = [_select(kind, families, memory_gb) for kind in sorted(kinds)]
    claimable = [job for where in wanted for job in await find_expired(jobs, now, where)]
    long = []
    for where in wanted:
        waiting = await jobs.find(
            {"waiting": Above(""), **where}, order="created_at", limit=_FEW + 1
        )
        if len(waiting) <= _FEW:
            claimable += waiting
        else:
            long.append(where)
    if long:
        claimable += await _list_oldest(jobs, long)
    return claimable


async def _list_oldest(jobs: Documents[Job], wanted: Sequence[dict[str, Condition]]) -> list[Job]:
    """List each account's oldest queued jobs of some kinds."""
    oldest: list[Job] = []
    async for owner in _list_waiting(jobs):
        for where in wanted:
            waiting = {"waiting": owner, **where}
            oldest += await jobs.find(waiting, order="created_at", limit=_OLDEST_PER_ACCOUNT)
    return oldest


def _select(kind: Kind, families: frozenset[str], memory_gb: int) -> dict[str, Condition]:
    """Say which jobs of a kind a worker can do; captions need no base model."""
    enough = OneOf((None, *range(1, min(memory_gb, PLENTY_GB) + 1)))
    where: dict[str, Condition] = {"kind": kind, "vram_gb": enough}
    if kind is not Kind.CAPTION:
        where["spec.base_model.family"] = OneOf(tuple(sorted(families)))
    return where


async def list_busy(
    jobs: Documents[Job], candidates: Sequence[Job]
) -> dict[tuple[str, Kind], list[int]]:
    """List the slots that the candidates' accounts have taken by kind, those of expired leases included.

    Only those accounts are asked, so that a claim reads no more the more workers there are.
    """
    busy: dict[tuple[str, Kind], list[int]] = {(job.owner, job.kind): [] for job in candidates}
    for kind in {job.kind for job in candidates}:
        owners = sorted({job.owner for job in candidates if job.kind is kind})
        for start in range(0, len(owners), _OWNERS_AT_ONCE):
            some = OneOf(tuple(owners[start : start + _OWNERS_AT_ONCE]))
            for job in await jobs.find({"owner": some, "kind": kind, "slot": Above(-1)}):
                if job.slot is not None:
                    busy[job.owner, kind].append(job.slot)
    return busy


async def find_expired(
    jobs: Documents[Job], now: datetime, where: dict[str, Condition] | None = None
) -> list[Job]:
    """Find jobs whose lease has run out; more than the limit come up next time, as these leave."""
    expired: dict[str, Condition] = {"status": LEASED_STATES, "lease.expires_at": Below(now)}
    return await jobs.find({**expired, **(where or {})}, order="created_at", limit=_MAX_EXPIRED)


async def _list_waiting(jobs: Documents[Job]) -> AsyncIterator[str]:
    """Yield each account that has a queued job."""
    last = ""
    while found := await jobs.find({"waiting": Above(last)}, order="waiting", limit=1):
        last = found[0].waiting or found[0].owner
        yield last
