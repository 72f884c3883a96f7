"""A data folder of a run's own, with the real processes of Trainyard over it; ends those that it started."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from adapters.redis_server import RedisServer
from config.environment import OwnSettings
from config.processes import end_process, find_free_port
from config.settings import Settings
from tests.bench.figures import ROOT

_START_S = 60.0
END_S = 30.0


@dataclass(frozen=True)
class Yard:
    """Settings and a running redis-server; processes are started into `stack` and end with it."""

    settings: Settings
    stack: AsyncExitStack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.http_port}/api/v1/"

    async def start(self, *arguments: str, **settings: str) -> int:
        """Start a Python module over this data folder, with more settings; return its process id."""
        wanted = {
            "TRAINYARD_DATA_FOLDER": str(self.settings.data_folder),
            "TRAINYARD_HTTP_PORT": str(self.settings.http_port),
            "TRAINYARD_REDIS_URL": "",
            "TRAINYARD_LOG_LEVEL": "WARNING",
            "TRAINYARD_DRAIN_S": "5",
            **{f"TRAINYARD_{name.upper()}": value for name, value in settings.items()},
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", *arguments, cwd=ROOT, env={**os.environ, **wanted}
        )
        self.stack.push_async_callback(end_process, process, END_S)
        return process.pid

    async def serve(self, **settings: str) -> int:
        """Start the web server, wait until it is ready, and return its process id."""
        pid = await self.start("config.cli", "serve", **settings)
        await wait_for_http(f"{self.url}ready")
        return pid


@asynccontextmanager
async def open_yard() -> AsyncIterator[Yard]:
    """Make a data folder and a redis-server for it."""
    with make_folder() as folder:
        settings = OwnSettings(data_folder=folder, http_port=find_free_port())
        async with (
            RedisServer(settings.redis_folder, settings.redis_socket),
            AsyncExitStack() as stack,
        ):
            yield Yard(settings, stack)


@contextmanager
def make_folder() -> Iterator[Path]:
    """Make a folder on the disk that the project is on: temporary ones may be in memory."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ROOT / "build") as folder:
        yield Path(folder)


async def wait_for_http(url: str) -> None:
    """Return once a server answers 200."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(_START_S):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
