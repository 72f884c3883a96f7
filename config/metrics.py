"""Figures of a process, when a port for them is set; and the duties that take those of the whole instance."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import version
from typing import Any

from adapters.prometheus import MetricsPage, PrometheusMeter
from config.logs import make_strike
from config.settings import Settings
from config.wiring import find_free_bytes
from core.errors import UnavailableError
from core.metering import Measure, Meter, Unmetered
from core.studio import Studio

_VERSION = version("trainyard")


@contextmanager
def open_meter(settings: Settings, process: str, port: int) -> Iterator[Meter]:
    """Keep figures, spans and errors where settings want them, until left. Raises UnavailableError."""
    with ExitStack() as stack:
        if dsn := settings.sentry_dsn.get_secret_value():
            sentry = _load("adapters.sentry", "sentry")
            strike = make_strike(settings)
            stack.callback(sentry.SentryErrors(dsn, process, _VERSION, strike).close)
        meter: Meter = Unmetered()
        if port:
            meter = figures = PrometheusMeter()
            stack.callback(MetricsPage(figures, settings.metrics_host, port).close)
        if settings.otel_endpoint:
            telemetry = _load("adapters.opentelemetry", "otel")
            tracing = telemetry.TracingMeter(meter, settings.otel_endpoint, process, _VERSION)
            stack.callback(tracing.close)
            meter = tracing
        yield meter


def _load(module: str, extra: str) -> Any:  # a module that may not be installed
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise UnavailableError(
            f"{error.name} is not installed: pip install 'trainyard[{extra}]', or unset what needs it."
        ) from error


async def take_gauges(studio: Studio, settings: Settings) -> None:
    """Say what the instance is like now."""
    await studio.operations.gauges.look()
    free_bytes = find_free_bytes(settings)
    if free_bytes is not None:
        studio.meter.set(Measure.FREE_BYTES, free_bytes)
