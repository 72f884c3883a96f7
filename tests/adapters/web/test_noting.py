"""What is noted of requests: an id that goes from the door to the job, times by route, and what works."""

import asyncio
import json
import logging

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from adapters.prometheus import MOST_VALUES, OTHER, MetricsPage, PrometheusMeter
from adapters.web.app import create_app
from adapters.web.probes import READINESS, Readiness
from config.settings import Settings
from config.wiring import open_studio
from core.errors import UnavailableError
from core.metering import Measure
from core.studio import Studio
from tests.adapters.web.conftest import PREFIX, Api


async def test_the_id_that_a_proxy_gives_comes_back_and_a_strange_one_is_replaced(
    nobody: Api,
) -> None:
    given = await nobody.client.get(PREFIX + "/health", headers={"X-Request-Id": "proxy-0001"})
    assert given.headers["X-Request-Id"] == "proxy-0001"
    strange = await nobody.client.get(PREFIX + "/health", headers={"X-Request-Id": 'a"}{ b'})
    made = strange.headers["X-Request-Id"]
    assert len(made) == 16 and int(made, 16) >= 0


async def test_two_requests_have_two_ids(nobody: Api) -> None:
    answers = [await nobody.client.get("/healthz") for _ in range(2)]
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 2


async def test_a_change_is_logged_with_its_route_and_without_what_it_was_about(
    ada: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "adapters.web.noting")
    made = await ada.json("POST", "/datasets", json={"name": "hidden place"}, status=201)
    await ada.json("PATCH", f"/datasets/{made['id']}", json={"description": "a hidden thing"})
    lines = [line.getMessage() for line in caplog.records if line.name == "adapters.web.noting"]
    assert lines[0].startswith("POST /api/v1/datasets 201 in ")
    assert lines[1].startswith("PATCH /api/v1/datasets/{dataset_id} 200 in ")
    assert made["id"] not in caplog.text and "hidden" not in caplog.text


async def test_figures_are_shown_on_a_port_of_their_own(settings: Settings) -> None:
    meter = PrometheusMeter()
    page = MetricsPage(meter, "127.0.0.1", 0)
    try:
        async with open_studio(settings, meter) as studio:
            async with TestClient(TestServer(create_app(studio))) as client:
                await client.get(PREFIX + "/health")
                await client.get("/nowhere/at/all")
            await studio.operations.gauges.reconcile()
            await studio.operations.gauges.look()
        async with aiohttp.request("GET", f"http://127.0.0.1:{page.port}/metrics") as answer:
            text = await answer.text()
    finally:
        await asyncio.to_thread(page.close)
    route = 'method="GET",route="/api/v1/health",status="200"'
    assert f"trainyard_http_request_seconds_count{{{route}}} 1.0" in text
    assert 'route="none",status="404"' in text and "/nowhere" not in text
    assert "trainyard_ledger_is_sound 1.0" in text and "trainyard_spending_is_stopped 0.0" in text
    assert 'trainyard_jobs_queued{kind="train"} 0.0' in text


def test_no_label_has_more_values_than_its_bound() -> None:
    meter = PrometheusMeter()
    for index in range(MOST_VALUES + 50):
        meter.count(Measure.JOBS_ENDED, kind="train", status="failed", code=f"code{index}")
    (family,) = [m for m in meter.registry.collect() if m.name == "trainyard_jobs_ended"]
    counts = {s.labels["code"]: s.value for s in family.samples if s.name.endswith("_total")}
    assert len(counts) == MOST_VALUES + 1 and counts[OTHER] == 50


async def test_ready_says_what_failed_and_within_its_deadline(studio: Studio) -> None:
    async def fine() -> None:
        return

    async def stuck() -> None:
        await asyncio.Event().wait()

    async def down() -> None:
        raise UnavailableError("redis://user:hidden@host is down")

    app = create_app(studio)
    checks = {"database": fine, "blobs": stuck, "redis": down}
    app[READINESS] = Readiness(checks, within_s=0.05, fresh_s=0)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz")
        body = await answer.json()
        assert (await client.get("/healthz")).status == 200
    assert answer.status == 503 and body["failed"] == ["blobs", "redis"]
    assert body["checks"]["database"]["status"] == "ok"
    assert "hidden" not in json.dumps(body)


async def test_who_asks_often_looks_at_nothing_twice() -> None:
    looks = 0

    async def look() -> None:
        nonlocal looks
        looks += 1

    readiness = Readiness({"database": look}, fresh_s=600)
    await asyncio.gather(*(readiness.look() for _ in range(20)))
    assert looks == 1
