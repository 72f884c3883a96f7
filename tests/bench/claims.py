"""How long a worker waits for a job while twenty want one at the same time, on SQLite and on MongoDB."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median, quantiles

from pydantic import SecretStr

from config.environment import make_environment
from config.processes import end_process
from config.settings import Settings
from config.stores import open_stores
from config.wiring import open_studio
from core.generations.wishes import GenerationWishes
from core.jobs.records import Status
from tests.bench.figures import ROOT, Effort, Reading
from tests.bench.people import meet
from tests.bench.yard import END_S, open_yard
from tests.stores import name_database, name_mongodb, run_mongodb

_PROCESSES = 4
_WORKERS_EACH = 5
_ACCOUNTS = 20
_START_S = 120.0
_END_S = 600.0


async def measure(effort: Effort) -> dict[str, Reading]:
    found = {"SQLite": await _measure_store(effort, on_mongodb=False)}
    found[name_mongodb().partition(",")[0]] = await _measure_store(effort, on_mongodb=True)
    notes = "; ".join(f"{name}: {_describe(waits_s)}" for name, waits_s in found.items())
    worst_s = max(_get_p99(waits_s) for waits_s in found.values())
    return {"claims.p99_s": Reading(worst_s, notes)}


async def _measure_store(effort: Effort, *, on_mongodb: bool) -> list[list[float]]:
    """Return what each worker waited for each of its jobs."""
    async with open_yard() as yard:
        with _choose(yard.settings, on_mongodb) as settings:
            count = await _submit(settings, effort.claims_each)
            processes = [await _start(settings) for _ in range(_PROCESSES)]
            try:
                async with asyncio.timeout(_START_S):
                    for process in processes:
                        await _read(process)
                for process in processes:
                    assert process.stdin is not None
                    process.stdin.write(b"go\n")
                async with asyncio.timeout(_END_S):
                    told = [json.loads(await _read(process)) for process in processes]
            finally:
                for process in processes:
                    await end_process(process, END_S)
            async with open_stores(settings) as stores:
                done = await stores.jobs.count({"status": Status.COMPLETED})
    waits_s: list[list[float]] = [waits for workers in told for waits in workers["waits_s"]]
    claimed = sum(workers["claimed"] for workers in told)
    if not claimed == done == count:
        raise RuntimeError(f"of {count} jobs {done} are done, and {claimed} were claimed")
    return waits_s


@contextmanager
def _choose(settings: Settings, on_mongodb: bool) -> Iterator[Settings]:
    """Give settings of the store, empty."""
    with ExitStack() as stack:
        if on_mongodb:
            url = stack.enter_context(run_mongodb())
            name = stack.enter_context(name_database(url))
            places = {"mongodb_url": SecretStr(url), "mongodb_database": name}
            settings = settings.model_copy(update=places)
        yield settings


async def _submit(settings: Settings, claims_each: int) -> int:
    """Let each of twenty accounts order as many generations as a worker is to claim; return their number."""
    async with open_studio(settings) as studio:
        for account in range(_ACCOUNTS):
            person = await meet(studio, f"bench{account}")
            for number in range(claims_each):
                wishes = GenerationWishes(prompt="a flag", seed=number, params={"steps": 4})
                await studio.generations.submit(person.principal, wishes, f"draw {number}")
    return _ACCOUNTS * claims_each


async def _start(settings: Settings) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.claimer", str(_WORKERS_EACH)),
        cwd=ROOT,
        env=make_environment(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    if not (line := await process.stdout.readline()):
        raise RuntimeError("a process of workers ended early")
    return line


def _get_p99(waits_s: list[list[float]]) -> float:
    return quantiles([s for mine in waits_s for s in mine], n=100, method="inclusive")[98]


def _describe(waits_s: list[list[float]]) -> str:
    all_s = [s for mine in waits_s for s in mine]
    had = sorted(len(mine) for mine in waits_s)
    return (
        f"p99 {_get_p99(waits_s):.2f} s, median {median(all_s):.3f} s, longest {max(all_s):.2f} s of "
        f"{len(all_s)} jobs; a worker got {had[0]} to {had[-1]}"
    )
