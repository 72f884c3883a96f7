"""Liveness and readiness."""

import asyncio
import logging

import pytest
from aiohttp.test_utils import TestClient, TestServer

from adapters.web.app import create_app
from core.errors import UnavailableError
from core.studio import Studio
from tests.adapters.web.conftest import PREFIX, Api


async def fine() -> None:
    await asyncio.sleep(0)


async def down() -> None:
    raise UnavailableError("redis://user:hidden@host is down")


async def test_the_server_says_that_it_lives(nobody: Api) -> None:
    assert await nobody.json("GET", "/health") == {"status": "ok"}


async def test_ready_names_what_works(studio: Studio) -> None:
    async with TestClient(TestServer(create_app(studio, {"store": fine}))) as client:
        response = await client.get(PREFIX + "/ready")
        assert response.status == 200
        assert await response.json() == {"status": "ready", "checks": ["store"]}


async def test_ready_names_what_fails_and_tells_the_reason_to_the_operator_only(
    studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    checks = {"store": fine, "queue": down}
    async with TestClient(TestServer(create_app(studio, checks))) as client:
        response = await client.get(PREFIX + "/ready")
        problem = await response.json(content_type="application/problem+json")
    assert response.status == 503 and response.headers["Retry-After"] == "5"
    assert problem["detail"] == "Not ready: queue."
    assert "is down" in caplog.text


async def test_anybody_may_know_the_key_that_models_are_signed_with(
    nobody: Api, studio: Studio
) -> None:
    shown = await nobody.json("GET", "/instance")
    assert shown["public_key"] == studio.signer.public_key
    assert len(shown["fingerprint"].split()) == 8
    assert shown["writes_captions"] is True  # see the settings of these tests
