"""The legal transitions of a job, pure; the only place where a status changes."""

from datetime import datetime

from core.errors import ConflictError
from core.jobs.records import LEASED, HistoryLine, Job, Status

_ENDS = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
_TOO_LATE_TO_CANCEL = frozenset({Status.FINISHING, Status.COMPLETED})
LEGAL: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.QUEUED}),
    Status.QUEUED: frozenset({Status.PREPARING, Status.CANCELLED, Status.FAILED}),
    Status.PREPARING: frozenset(
        {Status.RUNNING, Status.QUEUED, Status.PREPARING, Status.FAILED, Status.CANCELLED}
    ),
    Status.RUNNING: frozenset(
        {Status.FINISHING, Status.QUEUED, Status.PREPARING, Status.FAILED, Status.CANCELLED}
    ),
    Status.FINISHING: frozenset({*_ENDS, Status.QUEUED, Status.PREPARING}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}
MAX_HISTORY_LINES = 60


def move(job: Job, status: Status, at: datetime, *, note: str = "", **fields: object) -> Job:
    """Return the job in another state. Raises ConflictError when that step is not legal.

    A state without a lease drops it and its slot; a terminal state is marked for settling. Whoever
    was told that a cancel is accepted gets no model any more.
    """
    if status not in LEGAL[job.status]:
        raise ConflictError(f"This job is {job.status.value}; it cannot become {status.value}.")
    if job.cancel_requested and status in _TOO_LATE_TO_CANCEL:
        raise ConflictError("This job was cancelled.")
    line = HistoryLine(at=at, status=status, note=note)
    changes: dict[str, object] = {"history": (*job.history, line)[-MAX_HISTORY_LINES:], **fields}
    changes["waiting"] = job.owner if status is Status.QUEUED else None
    if status is not Status.QUEUED:
        changes["obstacle"] = None
    if status not in LEASED:
        changes["lease"] = changes["slot"] = None
    if status in _ENDS:
        changes["needs_settling"] = True
    return job.changed(at, status=status, **changes)
