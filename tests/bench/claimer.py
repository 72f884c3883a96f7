"""A process of several workers that claim and end jobs without doing them: `python -m tests.bench.claimer WORKERS`.

It says when it is ready, waits for a line, and tells what each worker waited for each of its jobs.
"""

import asyncio
import json
import sys
import time

from config.settings import Settings
from config.stores import open_stores
from config.wiring import open_studio
from core.jobs.records import Job, Kind, Status
from core.ports import Documents
from core.studio import Studio

_FAMILIES = frozenset({"tiny"})
_KINDS = frozenset({Kind.GENERATE})
_PAUSE_S = 0.01


async def main(workers: int) -> None:
    settings = Settings()
    async with open_stores(settings) as stores, open_studio(settings) as studio:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        async with asyncio.TaskGroup() as group:
            names = [f"worker {time.time_ns()} {n}" for n in range(workers)]
            tasks = [group.create_task(_work(studio, stores.jobs, name)) for name in names]
        waits_s = [task.result() for task in tasks]
        claimed = sum(len(mine) for mine, got_any in waits_s if got_any)
        told = {"claimed": claimed, "waits_s": [mine for mine, _ in waits_s]}
        print(json.dumps(told), flush=True)


async def _work(studio: Studio, jobs: Documents[Job], name: str) -> tuple[list[float], bool]:
    """Claim until none is left; a worker that never got one has waited all the while."""
    waits_s: list[float] = []
    began_s = time.perf_counter()
    while True:
        job = await studio.leases.claim(name, _FAMILIES, _KINDS)
        if job is None:
            if not await jobs.count({"status": Status.QUEUED}):
                return waits_s or [time.perf_counter() - began_s], bool(waits_s)
            await asyncio.sleep(_PAUSE_S)
            continue
        waits_s.append(time.perf_counter() - began_s)
        job = await studio.leases.start_finishing(await studio.leases.start_running(job))
        await studio.leases.complete(job, ())
        began_s = time.perf_counter()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
