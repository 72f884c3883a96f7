"""A row of docs/reliability.md: what was done, how often, and what became of every job, counted from the stores."""

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from core.accounts.records import Principal, Role
from core.errors import NotFoundError
from core.jobs.records import TERMINAL, Job, Kind, Status
from core.paging import iterate
from core.points.records import Entry, EntryKind
from core.studio import Studio

WITHIN_S = 240.0
_LOOK_S = 0.02


@dataclass
class Row:
    """One kind of fault; lost, doubled and stuck must be 0."""

    what: str
    times: int = 0
    """How often it was done."""
    jobs: int = 0
    """How many jobs, uploads or transfers met with it."""
    lost: int = 0
    """Not done, or without what belongs to it: model, pictures whole, settlement, news; or the ledger is wrong."""
    doubled: int = 0
    """Done, held, settled, told or kept twice."""
    stuck: int = 0
    """Neither done nor failed when the time was over."""
    recovered_s: list[float] = field(default_factory=list)
    """From each fault to the end of what it had hit."""
    found: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.times > 0 and self.jobs > 0 and self.lost == self.doubled == self.stuck == 0

    def lose(self, what: str, count: int = 1) -> None:
        self.lost += count
        self.found.append(f"lost: {what}")

    def double(self, what: str, count: int = 1) -> None:
        self.doubled += count
        self.found.append(f"doubled: {what}")

    def expect(self, what: str, count: int, wanted: int) -> None:
        """Note as lost what there is too little of, and as doubled what there is too much of."""
        if count < wanted:
            self.lose(what, wanted - count)
        if count > wanted:
            self.double(what, count - wanted)

    def write(self) -> str:
        """Write it as a line of a table."""
        times = sorted(self.recovered_s)
        took = f"{median(times):.1f} s | {times[-1]:.1f} s" if times else "- | -"
        counts = f"{self.times} | {self.jobs} | {self.lost} | {self.doubled} | {self.stuck}"
        return f"| {self.what} | {counts} | {took} |"


async def wait_ended(studio: Studio, ids: Sequence[str], within_s: float = WITHIN_S) -> bool:
    """Wait until each job has ended and is settled; False when the time was over before."""
    left = list(ids)
    until_s = time.monotonic() + within_s
    while left:
        job = await studio.leases._jobs.get(left[-1])
        if job.status in TERMINAL and not job.needs_settling:
            left.pop()
        elif time.monotonic() > until_s:
            return False
        else:
            await asyncio.sleep(_LOOK_S)
    return True


async def audit(studio: Studio, ids: Sequence[str], row: Row) -> None:
    """Count what became of these jobs, which are all that the stores may have."""
    row.jobs += len(ids)
    jobs = {job.id: job async for job in iterate(studio.leases._jobs, {})}
    for extra in jobs.keys() - set(ids):
        row.double(f"job {extra}")
    told: Counter[str] = Counter()
    async for news in iterate(studio.notifications._notifications, {}):
        told.update(str(value) for value in news.data.values())
    for job_id in ids:
        job = jobs.get(job_id)
        if job is None:
            row.lose(f"job {job_id}")
        elif job.status not in TERMINAL or job.needs_settling:
            row.stuck += 1
            row.found.append(f"stuck: {job_id} is {job.status}")
        else:
            await _audit_job(studio, job, row)
            row.expect(f"news of {job_id}", told[job_id], 1)
    verdict = await studio.reconciler.reconcile()
    for finding in verdict.findings:
        row.lose(finding)


async def _audit_job(studio: Studio, job: Job, row: Row) -> None:
    if job.status is not Status.COMPLETED:
        row.lose(f"{job.id} is {job.status}: {job.error}")
        return
    entries: list[Entry] = await studio.points._entries.find({"ref": job.id})
    kinds = Counter(entry.kind for entry in entries)
    for kind in (EntryKind.HOLD, EntryKind.SETTLE):
        row.expect(f"{kind} of {job.id}", kinds[kind], 1)
    if job.kind is Kind.GENERATE:
        row.expect(f"pictures of {job.id}", len(job.pictures), job.generation.count)
    if job.kind is Kind.TRAIN:
        models = await studio.models._models.find({"owner": job.owner})
        made = [model for model in models if model.provenance.job == job.id]
        row.expect(f"model of {job.id}", len(made), 1)
        losses = await studio.jobs.list_losses(
            Principal(account=job.owner, role=Role.MEMBER), job.id
        )
        if [step for step, _, _ in losses] != list(range(1, job.steps_done + 1)):
            row.lose(f"losses of {job.id}")
    files = [*job.artifacts, *(picture.file for picture in job.pictures)]
    files += [sample.file for sample in job.samples]
    for file in files:
        if not await _is_whole(studio, file.key, file.sha256):
            row.lose(f"{file.key} is not what was stored")


async def _is_whole(studio: Studio, key: str, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        async for chunk in studio.blobs.read(key):
            digest.update(chunk)
    except NotFoundError:
        return False
    return digest.hexdigest() == sha256
