"""`python -m tests.journeys`: the journeys on a service's stores, with two servers and three workers.

Stores that the environment names are used; the others are started here. With `--trouble` stores that are started here
fail now and then, and workers are killed, while the journeys are played. What follows is handed to pytest.
"""

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from adapters.redis_server import RedisServer
from tests.adapters.mongo.cutter import Cuts, open_cutter
from tests.s3_proxy import Faults, open_proxy
from tests.service import KILL_EVERY, MONGODB, REDIS, S3, SERVERS, WORKERS
from tests.stores import name_mongodb, run_mongodb, run_s3
from tests.wheels import ROOT

_TIMEOUT_S = "1200"
"""Of a journey: six processes share the machine."""
_TROUBLE = "--trouble"
_CUT_EVERY = 100
_KILL_EVERY_S = 30
_ABOUT_RECORDS = b"_id\x00"
"""In requests of Trainyard's; what tests ask to make room for themselves is not cut."""


async def main(arguments: list[str]) -> int:
    """Start what is missing, play the journeys, and return pytest's exit code."""
    is_trouble = _TROUBLE in arguments
    arguments = [argument for argument in arguments if argument != _TROUBLE]
    cuts, faults = Cuts(), Faults()
    async with AsyncExitStack() as stack:
        places, servers = await _open_stores(stack, cuts, faults)
        said = "\n".join(f"  {name} is {server}" for name, server in servers.items())
        said = f"JOURNEYS OF A SERVICE: {SERVERS} servers, {WORKERS} workers\n{said}"
        if is_trouble:
            cuts.word, cuts.every = _ABOUT_RECORDS, _CUT_EVERY
            faults.error_rate, faults.lost_rate, faults.cut_rate = 0.1, 0.05, 0.2
            places[KILL_EVERY] = str(_KILL_EVERY_S)
            said += (
                f"\n  one in {_CUT_EVERY} requests to MongoDB is cut; of those to S3 10 % fail, 5 % lose their "
                f"answer, 20 % of downloads end early; a worker is killed every {_KILL_EVERY_S} s"
            )
        print(said, flush=True)
        command = (sys.executable, "-m", "pytest", "--timeout", _TIMEOUT_S)
        process = await asyncio.create_subprocess_exec(
            *command, *(arguments or ["tests/journeys"]), cwd=ROOT, env={**os.environ, **places}
        )
        code = await process.wait()
        if is_trouble:
            struck = ", ".join(f"{faults.seen[kind]} {kind}" for kind in ("errors", "lost", "cut"))
            said += f"\n  cut at MongoDB: {cuts.made}; at S3: {struck} of {faults.seen['requests']}"
        print(said, flush=True)
        return code


async def _open_stores(
    stack: AsyncExitStack, cuts: Cuts, faults: Faults
) -> tuple[dict[str, str], dict[str, str | None]]:
    """Give the three variables, and what each names; what the environment does not name is started."""
    places = {name: value for name in (MONGODB, S3, REDIS) if (value := os.environ.get(name))}
    servers = {MONGODB: f"the server of {MONGODB}", S3: places.get(S3), REDIS: places.get(REDIS)}
    if MONGODB not in places:
        port = urlsplit(stack.enter_context(run_mongodb())).port or 27017
        proxy = await stack.enter_async_context(open_cutter(port, cuts))
        places[MONGODB] = f"mongodb://127.0.0.1:{proxy}/?directConnection=true&retryWrites=false"
        servers[MONGODB] = name_mongodb()
    if S3 not in places:
        s3_url = stack.enter_context(run_s3())
        places[S3] = await stack.enter_async_context(open_proxy(s3_url, faults))
        servers[S3] = "moto, behind a proxy that keeps conditional writes of one key apart"
    if REDIS not in places:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ty-")))
        socket = folder / "redis.sock"
        await stack.enter_async_context(RedisServer(folder, socket))
        places[REDIS], servers[REDIS] = f"unix://{socket}", "a redis-server of its own"
    return places, servers


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
