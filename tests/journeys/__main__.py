"""`python -m tests.journeys`: the journeys on a service's stores, with two servers and three workers.

Stores that the environment names are used; the others are started here. What follows is handed to pytest.
"""

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from adapters.redis_server import RedisServer
from tests.s3_proxy import Faults, open_proxy
from tests.service import MONGODB, REDIS, S3, SERVERS, WORKERS
from tests.stores import name_mongodb, run_mongodb, run_s3
from tests.wheels import ROOT

_TIMEOUT_S = "1200"
"""Of a journey: six processes share the machine."""


async def main(arguments: list[str]) -> int:
    """Start what is missing, play the journeys, and return pytest's exit code."""
    async with AsyncExitStack() as stack:
        places = {name: value for name in (MONGODB, S3, REDIS) if (value := os.environ.get(name))}
        servers = {
            MONGODB: f"the server of {MONGODB}",
            S3: places.get(S3),
            REDIS: places.get(REDIS),
        }
        if MONGODB not in places:
            places[MONGODB], servers[MONGODB] = stack.enter_context(run_mongodb()), name_mongodb()
        if S3 not in places:
            s3_url = stack.enter_context(run_s3())
            places[S3] = await stack.enter_async_context(open_proxy(s3_url, Faults()))
            servers[S3] = "moto, behind a proxy that keeps conditional writes of one key apart"
        if REDIS not in places:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ty-")))
            socket = folder / "redis.sock"
            await stack.enter_async_context(RedisServer(folder, socket))
            places[REDIS], servers[REDIS] = f"unix://{socket}", "a redis-server of its own"
        said = "\n".join(f"  {name} is {server}" for name, server in servers.items())
        said = f"JOURNEYS OF A SERVICE: {SERVERS} servers, {WORKERS} workers\n{said}"
        print(said, flush=True)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "--timeout",
            _TIMEOUT_S,
            *(arguments or ["tests/journeys"]),
        ]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env={**os.environ, **places}
        )
        code = await process.wait()
        print(said, flush=True)
        return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
