"""Figures for Prometheus: each measure with its labels and buckets, served on a port of its own."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

from core.errors import UnavailableError
from core.metering import Measure

M = TypeVar("M", Histogram, Counter, Gauge)
MOST_VALUES = 200
"""So many values a label may have; what comes after is counted as OTHER."""
OTHER = "other"
_QUICK_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG_S = (0.1, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600)
_TIMES: Mapping[Measure, tuple[str, tuple[str, ...], tuple[float, ...]]] = {
    Measure.HTTP_S: ("Answers of the web server", ("method", "route", "status"), _QUICK_S),
    Measure.UPLOAD_S: ("Taking in one image", ("source", "outcome"), _QUICK_S),
    Measure.BOT_S: ("Answers of the conversation", ("platform", "command"), _QUICK_S),
    Measure.WAIT_S: ("From queued to claimed", ("kind",), _LONG_S),
    Measure.STEP_S: ("Steps of trainings", ("family",), _QUICK_S),
}
_COUNTS: Mapping[Measure, tuple[str, tuple[str, ...]]] = {
    Measure.JOBS_ENDED: ("Jobs that ended, and why", ("kind", "status", "code")),
    Measure.DUTY_FAILURES: ("Duties that failed and are tried again", ("duty",)),
}
_STATES: Mapping[Measure, tuple[str, tuple[str, ...]]] = {
    Measure.JOBS_QUEUED: ("Jobs that wait", ("kind",)),
    Measure.JOBS_LEASED: ("Jobs that a worker has", ("kind",)),
    Measure.OLDEST_WAIT_S: ("How long the oldest queued job waits", ("kind",)),
    Measure.LEDGER_SOUND: ("1 when the last check of the ledger found nothing", ()),
    Measure.LEDGER_FINDINGS: ("What the last check of the ledger found", ()),
    Measure.LEDGER_POINTS: ("Points at the last check of the ledger", ("place",)),
    Measure.SPENDING_STOPPED: ("1 while nothing can be spent", ()),
    Measure.STORAGE_BYTES: ("Bytes that all accounts have reserved", ()),
    Measure.FREE_BYTES: ("Bytes that are free where blobs are kept", ()),
}


class PrometheusMeter:
    """Keeps figures in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._times = {
            measure: Histogram(_name(measure), text, names, buckets=buckets, registry=self.registry)
            for measure, (text, names, buckets) in _TIMES.items()
        }
        self._counts = {
            measure: Counter(_name(measure), text, names, registry=self.registry)
            for measure, (text, names) in _COUNTS.items()
        }
        self._states = {
            measure: Gauge(_name(measure), text, names, registry=self.registry)
            for measure, (text, names) in _STATES.items()
        }
        self._known: dict[tuple[Measure, str], set[str]] = {}

    def observe(self, measure: Measure, value: float, **labels: str) -> None:
        histogram = self._times[measure]
        self._choose(histogram, measure, labels).observe(value)

    def count(self, measure: Measure, **labels: str) -> None:
        self._choose(self._counts[measure], measure, labels).inc()

    def set(self, measure: Measure, value: float, **labels: str) -> None:
        self._choose(self._states[measure], measure, labels).set(value)

    def span(self, name: str, **attributes: str) -> AbstractContextManager[None]:
        return nullcontext()

    def _choose(self, metric: M, measure: Measure, labels: Mapping[str, str]) -> M:
        """Choose the metric of these labels, with values beyond the bound as one."""
        if not labels:
            return metric
        bounded = {name: self._bound(measure, name, value) for name, value in labels.items()}
        return metric.labels(**bounded)

    def _bound(self, measure: Measure, name: str, value: str) -> str:
        known = self._known.setdefault((measure, name), set())
        if value not in known and len(known) >= MOST_VALUES:
            return OTHER
        known.add(value)
        return value


class MetricsPage:
    """A small HTTP server in a thread of its own, so that figures are there while the loop is busy."""

    def __init__(self, meter: PrometheusMeter, host: str, port: int) -> None:
        try:
            self._server, self._thread = start_http_server(port, host, meter.registry)
        except OSError as error:
            raise UnavailableError(
                f"Figures cannot be served on {host}:{port}: {error.strerror}. Free that port, or "
                "set TRAINYARD_METRICS_PORT and TRAINYARD_WORKER_METRICS_PORT to others."
            ) from error

    @property
    def port(self) -> int:
        return self._server.server_port

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _name(measure: Measure) -> str:
    return f"trainyard_{measure.value}"
