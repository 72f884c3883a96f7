"""Where journeys are played: in this process on a folder in memory, or, where the environment names the stores of a
service, on those, with server and worker processes."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from adapters.web.app import create_app
from config.settings import Settings
from core.studio import Studio
from tests.core.yard import MEMORY
from tests.service import (
    REDIS,
    WORKERS,
    is_service,
    make_settings,
    name_stores,
    run_servers,
    run_workers,
)
from tests.worker import conftest as worker


@pytest.fixture(autouse=True)
async def stores(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """On a service's stores each test has a database and a bucket of its own."""
    if not is_service():
        yield
        return
    async with name_stores() as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Settings with the data in memory where the system has a folder there: synced writes cost little."""
    with tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY) as folder:
        here = settings.model_copy(update={"data_folder": Path(folder), "image_sandboxes": 1})
        if is_service():
            here = make_settings(here, redis_url=SecretStr(os.environ[REDIS]))
        yield here


@pytest.fixture
async def client(studio: Studio, settings: Settings) -> AsyncIterator[Any]:
    """The HTTP API: a server of this process, or two of a service that take turns."""
    # Any: either sends a request by its path
    if is_service():
        async with run_servers(settings) as servers:
            yield servers
        return
    async with TestClient(TestServer(create_app(studio)), cookie_jar=DummyCookieJar()) as opened:
        yield opened


@asynccontextmanager
async def work(
    studio: Studio, settings: Settings, families: tuple[str, ...] = ("tiny",)
) -> AsyncIterator[None]:
    """Do what is queued: in this process, or in three of a service."""
    if is_service():
        changes: dict[str, object] = {"worker_families": families}
        async with run_workers(studio, settings, *[changes] * WORKERS):
            yield
        return
    async with worker.work(studio, settings, families=families):
        yield
