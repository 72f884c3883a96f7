"""How a job is claimed, kept and given up, pure; the states themselves are in transitions.py."""

from datetime import datetime, timedelta

from core.jobs.records import Failure, Job, Kind, Lease, Status
from core.jobs.transitions import move

MAX_ATTEMPTS = 3
WORN_OUT = {
    Kind.TRAIN: Failure(
        code="worker_lost",
        message="The training stopped three times without getting on. All points were returned.",
    ),
    Kind.GENERATE: Failure(
        code="worker_lost",
        message="The generation stopped three times without an end. All points were returned.",
    ),
    Kind.CAPTION: Failure(
        code="worker_lost",
        message="Writing captions stopped three times without an end. All points were returned.",
    ),
}


def count_attempts(job: Job) -> int:
    """Count attempts without progress: they are forgiven when the checkpoint moved on."""
    step = job.checkpoint.step if job.checkpoint else 0
    return 0 if step > job.attempt_step else job.attempts


def claim(job: Job, owner: str, now: datetime, lasts_s: float) -> Job:
    """Return the job leased to this worker, with the next token and one attempt more."""
    token = job.token + 1
    expires_at = now + timedelta(seconds=lasts_s)
    return move(
        job,
        Status.PREPARING,
        now,
        lease=Lease(owner=owner, token=token, expires_at=expires_at, lasts_s=lasts_s),
        token=token,
        attempts=count_attempts(job) + 1,
        attempt_step=job.checkpoint.step if job.checkpoint else 0,
    )


def find_wait_s(job: Job) -> float:
    """Return how long a job that was claimed just now had waited in the queue."""
    queued = [line.at for line in job.history if line.status is Status.QUEUED]
    return (job.history[-1].at - queued[-1]).total_seconds() if queued else 0.0


def extend(job: Job, now: datetime) -> Job:
    """Return the leased job with its lease running from now."""
    assert job.lease is not None  # only the holder of a lease extends it
    expires_at = now + timedelta(seconds=job.lease.lasts_s)
    lease = Lease.model_validate({**dict(job.lease), "expires_at": expires_at})
    return job.changed(now, lease=lease)


def fail(job: Job, failure: Failure, now: datetime) -> Job:
    """Return the job ended by a failure."""
    return move(job, Status.FAILED, now, note=failure.code, error=failure)


def end_if_due(job: Job, now: datetime) -> Job | None:
    """Return the job ended when its owner cancelled it or its attempts are spent, else None."""
    if job.cancel_requested:
        return move(job, Status.CANCELLED, now)
    if count_attempts(job) >= MAX_ATTEMPTS:
        return fail(job, WORN_OUT[job.kind], now)
    return None


def give_back(job: Job, note: str, now: datetime) -> Job:
    """Return the job after an attempt that broke: ended when that is due, else queued again."""
    return end_if_due(job, now) or move(job, Status.QUEUED, now, note=note)


def release(job: Job, note: str, now: datetime) -> Job:
    """Return the job of a worker that drains: queued with its attempt forgiven, or cancelled."""
    if job.cancel_requested:
        return move(job, Status.CANCELLED, now)
    return move(job, Status.QUEUED, now, note=note, attempts=max(0, job.attempts - 1))
