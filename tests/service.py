"""Trainyard as a service: server and worker processes, each with a folder of its own as on a machine of its own,
over MongoDB, S3 and Redis. `make service` gives the journeys such stores by the three variables of an operator."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr

from config.environment import make_environment
from config.processes import end_process, end_with_parent, find_free_port
from config.settings import Settings
from core.studio import Studio
from tests.bench.yard import wait_for_http
from tests.stores import make_bucket, name_database
from tests.wheels import ROOT

MONGODB = "TRAINYARD_MONGODB_URL"
S3 = "TRAINYARD_S3_ENDPOINT_URL"
REDIS = "TRAINYARD_REDIS_URL"
SERVERS, WORKERS = 2, 3
KILL_EVERY = "TRAINYARD_TEST_KILL_EVERY_S"
"""In the environment: after so many seconds a worker is killed, and another one started; then again."""
_UP_S = 240.0
_END_S = 60.0


def is_service() -> bool:
    """Tell whether the environment names all three stores of a service."""
    return all(os.environ.get(name) for name in (MONGODB, S3, REDIS))


@asynccontextmanager
async def name_stores() -> AsyncIterator[dict[str, str]]:
    """Make a database and a bucket of a test's own on the stores of the environment, and give their variables."""
    keys = {
        name: os.environ.get(f"TRAINYARD_S3_{name.upper()}", "test")
        for name in ("access_key", "secret_key")
    }
    bucket = await make_bucket(os.environ[S3], **keys)
    with name_database(os.environ[MONGODB]) as name:
        yield {
            "TRAINYARD_MONGODB_DATABASE": name,
            "TRAINYARD_S3_BUCKET": bucket.bucket,
            "TRAINYARD_S3_REGION": bucket.region,
            "TRAINYARD_S3_ACCESS_KEY": bucket.access_key,
            "TRAINYARD_S3_SECRET_KEY": bucket.secret_key,
            "TRAINYARD_S3_PATH_STYLE": "true",
            "TRAINYARD_QUEUE_NAME": name,
        }


class Servers:
    """Servers behind one address, as a load balancer has them: each request goes to the next one."""

    def __init__(self, session: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self.session = session
        self.urls = urls
        self._turns = itertools.cycle(urls)

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        # Any: aiohttp's own request options
        return await self.session.request(method, next(self._turns) + path, **options)


@asynccontextmanager
async def run_servers(settings: Settings, count: int = SERVERS) -> AsyncIterator[Servers]:
    """Run server processes, and give them when all are ready."""
    async with AsyncExitStack() as stack:
        ports = [find_free_port() for _ in range(count)]
        for port in ports:
            await _start(stack, settings, "serve", http_port=port)
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        for url in urls:
            await wait_for_http(f"{url}/readyz")
        jar = aiohttp.DummyCookieJar()
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        yield Servers(session, urls)


@asynccontextmanager
async def run_workers(
    studio: Studio, settings: Settings, *changes: dict[str, object]
) -> AsyncIterator[None]:
    """Run a worker process for each of these changes of the settings, and go on when all are up."""
    async with AsyncExitStack() as stack:
        workers = [await _start(stack, settings, "worker", **change) for change in changes]
        async with asyncio.timeout(_UP_S):
            while True:
                if await studio.fleet.count_up() >= len(changes):
                    break
                await asyncio.sleep(0.1)
        killing = asyncio.create_task(_kill(stack, settings, workers, changes))
        try:
            yield
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)


async def _kill(
    stack: AsyncExitStack,
    settings: Settings,
    workers: list[asyncio.subprocess.Process],
    changes: Sequence[dict[str, object]],
) -> None:
    """Kill one worker after the other and start another in its place, where the environment says so."""
    every_s = float(os.environ.get(KILL_EVERY, 0))
    for turn in itertools.count() if every_s else ():
        await asyncio.sleep(every_s)
        place = turn % len(workers)
        workers[place].kill()
        await workers[place].wait()
        workers[place] = await _start(stack, settings, "worker", **changes[place])


async def _start(
    stack: AsyncExitStack, settings: Settings, command: str, **changes: object
) -> asyncio.subprocess.Process:
    """Start a process that ends with the stack, and must end well unless it was killed."""
    folder = settings.data_folder / f"{command}-{len(list(settings.data_folder.glob('*-*')))}"
    folder.mkdir(parents=True)
    own = settings.model_copy(update={**changes, "data_folder": folder})
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "config.cli",
        command,
        cwd=folder,
        env={**make_environment(own), "PYTHONPATH": str(ROOT)},
        preexec_fn=end_with_parent,
    )

    async def end() -> None:
        ended = process.returncode
        await end_process(process, _END_S)
        is_killed = bool(os.environ.get(KILL_EVERY)) and ended == -signal.SIGKILL
        assert is_killed or (ended, process.returncode) == (None, 0), f"{folder.name}: {ended}"
        assert not list(folder.rglob("*.sqlite")), "records belong to the service's stores"
        assert not (folder / "blobs").exists(), "blobs belong to the service's stores"

    stack.push_async_callback(end)
    return process


def make_settings(settings: Settings, **changes: object) -> Settings:
    """Make the settings of a service's processes: what machines must have in common, and a short lease."""
    shared: dict[str, object] = {
        "signing_key": SecretStr("07" * 32),
        "lease_s": 30.0,
        "sweep_every_s": 3.0,
        "checkpoint_every_s": 0.5,
        "log_level": "WARNING",
    }
    return settings.model_copy(update={**shared, **changes})
