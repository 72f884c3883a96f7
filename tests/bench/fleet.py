"""What one worker asks of Redis, MongoDB and S3, idle and at work, and what a claim costs: docs/fleet.md.

`python -m tests.bench.fleet` prints the tables of that page. Apart from the figures with bars: these are loads,
counted and not timed, so they say the same on a slow machine.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pymongo import monitoring
from redis.asyncio import Redis

from config.settings import Settings
from config.wiring import open_studio
from core.accounts.records import Principal
from core.generations.wishes import GenerationWishes
from core.jobs.records import Status
from core.offerings.service import TrainingWishes
from core.studio import Studio
from tests.bench.counted_worker import CommandCounter
from tests.bench.people import Person, make_dataset, meet
from tests.bench.yard import Yard, open_yard
from tests.s3_proxy import Faults, open_proxy
from tests.stores import run_mongodb, run_s3, set_stores

WINDOW_S = 30.0
_START_S = 300.0
_REDIS_ROUNDS = 2000
_REDIS_CLIENTS = 10
_STEPS = 5000
"""Of a training that is longer than the window."""
ACCOUNTS = (1, 10, 100)


@dataclass(frozen=True)
class Place:
    """Servers of every kind, and what is counted at them."""

    yard: Yard
    settings: Settings
    faults: Faults
    redis: Redis


@dataclass(frozen=True)
class Load:
    """What a number of workers asked for in a window, a second and a worker."""

    what: str
    redis: float
    mongo: float
    s3: float
    by_command: dict[str, float]

    def show(self) -> str:
        parts = ", ".join(f"{name} {rate:.1f}" for name, rate in self.by_command.items())
        return f"| {self.what} | {self.redis:.1f} | {self.mongo:.1f} ({parts}) | {self.s3:.2f} |"


async def main() -> None:
    """Measure everything, and print it as it comes."""
    print("| a worker that | Redis commands/s | MongoDB commands/s | S3 requests/s |")
    print("|---|---|---|---|")
    async with open_place() as place, open_studio(place.settings) as studio:
        person = await meet(studio)
        dataset = await make_dataset(studio, person)
        for poll_s in (0.05, 0.5):
            await _measure_idle(place, 1, poll_s)
        await _measure_idle(place, 3, 0.05)
        await _measure_training(place, studio, person, dataset)
        await _measure_generations(place, studio, person)
        print(f"\nredis-server: {await measure_redis(place):.1f} µs of processor a poll")
    print("\n| accounts that wait | MongoDB commands a claim |\n|---|---|")
    for accounts in ACCOUNTS:
        print(f"| {accounts} | {await count_claim(accounts)} |", flush=True)


@asynccontextmanager
async def open_place() -> AsyncIterator[Place]:
    """Start a server of each kind."""
    faults = Faults()
    async with AsyncExitStack() as stack:
        mongodb_url = stack.enter_context(run_mongodb())
        s3_url = await stack.enter_async_context(open_proxy(stack.enter_context(run_s3()), faults))
        yard = await stack.enter_async_context(open_yard())
        stores = set_stores(yard.settings, mongodb_url, s3_url)
        settings = await stack.enter_async_context(stores)
        redis = Redis.from_url(settings.get_redis_url(), decode_responses=True)
        stack.push_async_callback(redis.aclose)
        yield Place(yard, settings, faults, redis)


@asynccontextmanager
async def run_workers(place: Place, count: int, poll_s: float) -> AsyncIterator[list[Path]]:
    """Run workers that are up, and give the files of their counts."""
    given = place.settings
    wanted = {
        "mongodb_url": given.mongodb_url.get_secret_value(),
        "mongodb_database": given.mongodb_database,
        "s3_bucket": given.s3_bucket,
        "s3_endpoint_url": given.s3_endpoint_url,
        "s3_region": given.s3_region,
        "s3_access_key": given.s3_access_key.get_secret_value(),
        "s3_secret_key": given.s3_secret_key.get_secret_value(),
        "s3_path_style": "true",
        "queue_poll_s": str(poll_s),
        "worker_families": '["tiny"]',
    }
    async with AsyncExitStack() as stack:
        yard = Yard(place.yard.settings, stack)
        files = [given.data_folder / f"counts-{poll_s}-{n}-of-{count}" for n in range(count)]
        for file in files:
            file.unlink(missing_ok=True)
            await yard.start("tests.bench.counted_worker", str(file), **wanted)
        async with asyncio.timeout(_START_S):
            while True:
                if all(_read(file).get("insert") for file in files):  # they are announced
                    break
                await asyncio.sleep(0.2)
        await asyncio.sleep(2)  # past what is only done once
        yield files


async def measure(what: str, place: Place, files: list[Path]) -> Load:
    """Count for a window."""
    began_s, redis, s3 = time.monotonic(), await _count_redis(place), _count_s3(place)
    mongo = _sum(files)
    await asyncio.sleep(WINDOW_S)
    lasted_s = (time.monotonic() - began_s) * len(files)
    counts = {name: n / lasted_s for name, n in (_sum(files) - mongo).most_common()}
    load = Load(
        what,
        (await _count_redis(place) - redis - 1) / lasted_s,
        sum(counts.values()),
        (_count_s3(place) - s3) / lasted_s,
        counts,
    )
    print(load.show(), flush=True)
    return load


async def _measure_idle(place: Place, count: int, poll_s: float) -> None:
    async with run_workers(place, count, poll_s) as files:
        await measure(f"is idle, one of {count}, polling every {poll_s} s", place, files)


async def _measure_training(place: Place, studio: Studio, person: Person, dataset: str) -> None:
    async with run_workers(place, 1, 0.05) as files:
        wishes = TrainingWishes(
            offering="tiny-lora",
            trigger_words=("bench",),
            params={"steps": _STEPS, "sample_every_steps": 5000},
        )
        job = await studio.jobs.submit(person.principal, dataset, wishes, "train")
        async with asyncio.timeout(_START_S):
            while True:
                if (await studio.jobs.get(person.principal, job.id)).progress.step:
                    break
                await asyncio.sleep(0.5)
        await measure("trains", place, files)
        done = await studio.jobs.get(person.principal, job.id)
        assert done.status is Status.RUNNING, "the training was shorter than the window"
        await studio.jobs.cancel(person.principal, job.id)


async def _measure_generations(place: Place, studio: Studio, person: Person) -> None:
    """Let a worker draw picture after picture; a generation is in the queue all the time."""
    async with run_workers(place, 1, 0.05) as files:
        await _draw(studio, person.principal, 3)
        keeping = asyncio.ensure_future(_keep_drawing(studio, person.principal))
        await measure("draws", place, files)
        keeping.cancel()
        drawn = (await asyncio.gather(keeping, return_exceptions=True))[0]
        assert isinstance(drawn, asyncio.CancelledError), drawn


async def _keep_drawing(studio: Studio, principal: Principal) -> None:
    while True:
        await _draw(studio, principal, 3)


async def _draw(studio: Studio, principal: Principal, count: int) -> None:
    """Submit generations and return when all are drawn."""
    jobs = []
    for index in range(count):
        wishes = GenerationWishes(prompt="a flag", seed=index, params={"steps": 4})
        key = f"draw {time.monotonic()} {index}"
        jobs.append(await studio.generations.submit(principal, wishes, key))
    for job in jobs:
        while True:
            if (await studio.generations.get(principal, job.id)).status is Status.COMPLETED:
                break
            await asyncio.sleep(0.1)


async def measure_redis(place: Place) -> float:
    """Measure the processor time of redis-server for one poll of an empty queue, in microseconds."""
    before, began = await place.redis.info("cpu"), await _count_redis(place)

    async def poll() -> None:
        async with Redis.from_url(place.settings.get_redis_url()) as client:
            for _ in range(_REDIS_ROUNDS):
                await client.zrangebyscore("bench:empty", float("-inf"), 1e15, start=0, num=1)

    await asyncio.gather(*(poll() for _ in range(_REDIS_CLIENTS)))
    after, ended = await place.redis.info("cpu"), await _count_redis(place)
    names = ("used_cpu_user", "used_cpu_sys")
    return 1e6 * sum(float(after[n]) - float(before[n]) for n in names) / (ended - began)


async def count_claim(accounts: int) -> int:
    """Count the commands of one claim while so many accounts have two generations waiting each."""
    counter = CommandCounter()
    monitoring.register(counter)
    async with open_place() as place, open_studio(place.settings) as studio:
        for number in range(accounts):
            name = f"account {number}"
            account, _ = await studio.accounts.first_contact("bench", name, name)
            await studio.points.grant(account.id, 100, f"start {name}", "to measure with")
            principal = Principal(account=account.id, role=account.role)
            for index in range(2):
                wishes = GenerationWishes(prompt="a flag", seed=index, params={"steps": 4})
                await studio.generations.submit(principal, wishes, f"draw {index}")
        before = sum(counter.counts.values())
        assert await studio.leases.claim("bench", frozenset({"tiny"})) is not None
        return sum(counter.counts.values()) - before


async def _count_redis(place: Place) -> int:
    return int((await place.redis.info("stats"))["total_commands_processed"])


def _count_s3(place: Place) -> int:
    return place.faults.seen["requests"]


def _sum(files: list[Path]) -> Counter[str]:
    return sum((_read(file) for file in files), Counter[str]())


def _read(file: Path) -> Counter[str]:
    return Counter(json.loads(file.read_text())) if file.exists() else Counter()


if __name__ == "__main__":
    asyncio.run(main())
