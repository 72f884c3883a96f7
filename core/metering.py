"""What is measured while Trainyard runs; apart because every part measures and one adapter keeps the figures.

Every label has few values: no id of a person, a job or a dataset is one.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from typing import Protocol

from core.errors import RefusedError
from core.ports import Clock


class Measure(StrEnum):
    """What is measured, by the name under which it is seen; times in seconds."""

    HTTP_S = "http_request_seconds"
    UPLOAD_S = "upload_seconds"
    BOT_S = "bot_answer_seconds"
    WAIT_S = "job_wait_seconds"
    STEP_S = "training_step_seconds"
    JOBS_ENDED = "jobs_ended_total"
    JOBS_QUEUED = "jobs_queued"
    JOBS_LEASED = "jobs_leased"
    OLDEST_WAIT_S = "oldest_queued_job_seconds"
    LEDGER_SOUND = "ledger_is_sound"
    LEDGER_FINDINGS = "ledger_findings"
    LEDGER_POINTS = "ledger_points"
    SPENDING_STOPPED = "spending_is_stopped"
    STORAGE_BYTES = "storage_reserved_bytes"
    FREE_BYTES = "storage_free_bytes"
    DUTY_FAILURES = "duty_failures_total"


class Meter(Protocol):
    """Keeps figures; never raises, never blocks."""

    def observe(self, measure: Measure, value: float, **labels: str) -> None:
        """Add one observation of a time."""
        ...

    def count(self, measure: Measure, **labels: str) -> None:
        """Count one event."""
        ...

    def set(self, measure: Measure, value: float, **labels: str) -> None:
        """Say what something is now."""
        ...

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        """Follow a piece of work, named as few others are, from its beginning to its end."""
        ...


class Unmetered:
    """Keeps nothing: nobody asked for figures."""

    def observe(self, measure: Measure, value: float, **labels: str) -> None:
        return

    def count(self, measure: Measure, **labels: str) -> None:
        return

    def set(self, measure: Measure, value: float, **labels: str) -> None:
        return

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        return nullcontext()


@contextmanager
def timed(meter: Meter, clock: Clock, measure: Measure, **labels: str) -> Iterator[None]:
    """Observe how long the inside takes, with the outcome ok, refused or failed."""
    began, outcome = clock.now(), "failed"
    try:
        yield
        outcome = "ok"
    except RefusedError:
        outcome = "refused"
        raise
    finally:
        took_s = (clock.now() - began).total_seconds()
        meter.observe(measure, took_s, **labels, outcome=outcome)
