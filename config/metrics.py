"""Figures of a process, when a port for them is set; and the duties that take those of the whole instance."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.prometheus import MetricsPage, PrometheusMeter
from config.settings import Settings
from config.wiring import find_free_bytes
from core.metering import Measure, Meter, Unmetered
from core.studio import Studio


@contextmanager
def open_meter(host: str, port: int) -> Iterator[Meter]:
    """Keep figures and show them on this port until left; 0: keep none. Raises UnavailableError."""
    if not port:
        yield Unmetered()
        return
    meter = PrometheusMeter()
    page = MetricsPage(meter, host, port)
    try:
        yield meter
    finally:
        page.close()


async def take_gauges(studio: Studio, settings: Settings) -> None:
    """Say what the instance is like now."""
    await studio.operations.gauges.look()
    free_bytes = find_free_bytes(settings)
    if free_bytes is not None:
        studio.meter.set(Measure.FREE_BYTES, free_bytes)
