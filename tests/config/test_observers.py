"""Spans and errors arrive at a receiver on loopback, with ids and without secrets."""

import asyncio
import gzip
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic import SecretStr

from config.metrics import open_meter
from config.settings import Settings
from core.correlation import correlated


@dataclass
class Receiver:
    """What was posted, by path."""

    url: str = ""
    posted: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    kept = Receiver()

    async def take(request: web.Request) -> web.Response:
        kept.posted.append((request.path, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    async with TestServer(app) as server:
        kept.url = str(server.make_url("")).rstrip("/")
        yield kept


async def test_a_job_is_in_the_trace_of_the_request_that_asked_for_it(
    settings: Settings, receiver: Receiver
) -> None:
    chosen = settings.model_copy(update={"otel_endpoint": receiver.url})

    def work() -> None:
        for process, job in (("server", ""), ("worker", "jb_x")):
            with (
                open_meter(chosen, process, 0) as meter,
                correlated("request-1", job),
                meter.span("POST /trainings"),
                meter.span("within"),
            ):
                pass

    await asyncio.to_thread(work)
    spans = []
    for path, body in receiver.posted:
        assert path == "/v1/traces"
        found = ExportTraceServiceRequest.FromString(body)
        spans += [
            span for kind in found.resource_spans for one in kind.scope_spans for span in one.spans
        ]
    assert len(spans) == 4 and len({span.trace_id for span in spans}) == 1
    named = {a.key: a.value.string_value for span in spans for a in span.attributes}
    assert named == {"trainyard.request": "request-1", "trainyard.job": "jb_x"}


async def test_an_error_is_sent_with_its_ids_and_without_secrets(
    settings: Settings, receiver: Receiver
) -> None:
    dsn = receiver.url.replace("http://", "http://public@") + "/1"
    chosen = settings.model_copy(
        update={"sentry_dsn": SecretStr(dsn), "telegram_token": SecretStr("12345:hidden-token")}
    )

    def work() -> None:
        with open_meter(chosen, "server", 0), correlated("request-1", "jb_x"):
            try:
                raise ValueError("POST /bot12345:hidden-token/getMe")
            except ValueError:
                logging.getLogger("tests").exception("it broke with 12345:hidden-token")

    await asyncio.to_thread(work)
    bodies = [body for path, body in receiver.posted if path == "/api/1/envelope/"]
    text = "".join((gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b).decode() for b in bodies)
    events = [json.loads(line) for line in text.splitlines() if '"exception"' in line]
    assert len(events) == 1
    assert events[0]["tags"]["request"] == "request-1" and events[0]["tags"]["job"] == "jb_x"
    assert events[0]["exception"]["values"][0]["type"] == "ValueError"
    assert "hidden-token" not in text and "[secret]" in text


def test_neither_is_imported_unless_it_is_set() -> None:
    code = (
        "import sys, config.running; "
        "print([m for m in sys.modules if m.split('.')[0] in ('opentelemetry', 'sentry_sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
