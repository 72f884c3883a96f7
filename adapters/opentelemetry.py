"""Spans for OpenTelemetry, sent by OTLP over HTTP; imported only where an endpoint is set."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from core.correlation import get_job_id, get_request_id
from core.metering import Measure, Meter


class TracingMeter:
    """Keeps figures where another meter keeps them, and sends a span for each piece of work.

    A trace's id follows from the request's, so what a worker does for a job is in the trace of the
    request that asked for it, although nothing but ids travels between the two.
    """

    def __init__(self, meter: Meter, endpoint: str, process: str, version: str) -> None:
        self._meter = meter
        resource = Resource({"service.name": f"trainyard-{process}", "service.version": version})
        self._provider = TracerProvider(resource=resource)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=10)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("trainyard")

    def observe(self, measure: Measure, value: float, **labels: str) -> None:
        self._meter.observe(measure, value, **labels)

    def count(self, measure: Measure, **labels: str) -> None:
        self._meter.count(measure, **labels)

    def set(self, measure: Measure, value: float, **labels: str) -> None:
        self._meter.set(measure, value, **labels)

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        known = {"trainyard.request": get_request_id(), "trainyard.job": get_job_id()}
        given = {key: value for key, value in {**known, **attributes}.items() if value}
        parent = _find_parent(get_request_id())
        with self._tracer.start_as_current_span(
            name, context=parent, attributes=given, record_exception=False
        ):
            yield

    def close(self) -> None:
        """Send what waits, then end; blocks for some seconds at most."""
        self._provider.shutdown()


def _find_parent(request: str) -> Context | None:
    """Make the root that all spans of a request have; None without a request."""
    if not request or trace.get_current_span().get_span_context().is_valid:
        return None
    digest = hashlib.sha256(request.encode()).digest()
    root = trace.SpanContext(
        trace_id=int.from_bytes(digest[:16]),
        span_id=int.from_bytes(digest[16:24]),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(root))
