"""What many tests need: a real redis-server for the whole run, and a studio wired as in production."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

# Before torch is imported, as in a worker's child: threads that spin starve whatever runs beside them.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from adapters.mongo.database import MongoDatabase
from config.settings import Settings
from config.wiring import open_studio
from core.studio import Studio
from tests.stores import name_mongodb, open_mongodb, run_mongodb, run_redis, run_s3

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A redis-server of this run's own."""
    with run_redis() as url:
        yield url


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[str]:
    """The URL of the MongoDB server of this run."""
    with run_mongodb() as url:
        yield url


@pytest.fixture
def mongodb_url(mongodb_server: str, request: pytest.FixtureRequest) -> str:
    """That URL; a test that uses it is counted in the summary."""
    request.node.user_properties.append(("mongodb", True))
    return mongodb_server


@pytest.fixture
async def mongodb(mongodb_url: str) -> AsyncIterator[MongoDatabase]:
    """A database of one test's own."""
    async with open_mongodb(mongodb_url) as database:
        yield database


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """The URL of an S3 server of this run's own."""
    with run_s3() as url:
        yield url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what the tests of MongoDB ran against: a likeness proves less than the real one."""
    reports = [
        report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)
    ]
    used = sum(("mongodb", True) in report.user_properties for report in reports)
    if used:
        terminalreporter.section("MongoDB")
        terminalreporter.line(f"Tests of MongoDB: {used}, against {name_mongodb()}.")


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    """Settings of one test: its own data folder and its own queue."""
    return Settings(
        data_folder=tmp_path / "data",
        redis_url=SecretStr(redis_url),
        queue_name=f"test:{uuid.uuid4().hex}",
    )


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    """A studio over real stores, real sandboxes and a real Redis."""
    async with open_studio(settings) as opened:
        yield opened
