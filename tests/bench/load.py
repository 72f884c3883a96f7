"""Five hundred requests a second of mixed reads, for a minute, against one server process."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles

import aiohttp
import psutil

from config.wiring import open_studio
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import Person, make_dataset, make_order, meet
from tests.bench.turns import read_memory_mb
from tests.bench.yard import Yard, open_yard

RATE = 500
_PEOPLE = 10
_DATASETS = 20
_CONNECTIONS = 10
"""Of each of them; all have one address, which the server lets have 256."""
_WARMUP_SHARE = 0.2
"""Of the time, before what is kept in memory counts: caches and connections are filled by then."""
_TIMEOUT_S = 30.0


@dataclass
class Load:
    """What was found."""

    took_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    """Of the server, each second."""
    server_share: float = 0.0
    """Of a core."""


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard, AsyncExitStack() as stack:
        async with open_studio(yard.settings) as studio:
            people = [await _prepare(studio, number) for number in range(_PEOPLE)]
        server = await yard.serve()
        asks = [await _open(stack, yard, *person) for person in people]
        load = await _ask(asks, psutil.Process(server), effort.loaded_s)
    warm = load.memory_mb[int(len(load.memory_mb) * _WARMUP_SHARE)]
    growth_mb = load.memory_mb[-1] - warm
    cuts_s = quantiles(load.took_s, n=100, method="inclusive")
    rate = len(load.took_s) / effort.loaded_s
    note = (
        f"{rate:.0f} requests/s for {effort.loaded_s:.0f} s, each answered; median "
        f"{median(load.took_s) * 1000:.1f} ms, p95 {cuts_s[94] * 1000:.0f}, longest "
        f"{max(load.took_s) * 1000:.0f}; the server took {load.server_share:.0%} of a core"
    )
    memory = (
        f"{load.memory_mb[0]:.0f} MB at first, {warm:.0f} warm, {load.memory_mb[-1]:.0f} at the end"
    )
    return {
        "http.p99_ms_at_500": Reading(cuts_s[98] * 1000, note),
        "http.memory_growth_mb": Reading(growth_mb, memory),
    }


async def _prepare(studio: Studio, number: int) -> tuple[Person, str]:
    """Make somebody with twenty datasets, one of them with pictures."""
    person = await meet(studio, f"bench{number}")
    for index in range(_DATASETS - 1):
        await studio.datasets.create(person.principal, f"dataset {index}", "Taken on a walk.")
    return person, await make_dataset(studio, person)


async def _open(
    stack: AsyncExitStack, yard: Yard, person: Person, dataset: str
) -> tuple[aiohttp.ClientSession, list[str]]:
    """Order a training, and return a session and the addresses that somebody who looks around asks for."""
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    session = aiohttp.ClientSession(headers=person.headers, timeout=timeout, connector=connector)
    await stack.enter_async_context(session)
    headers = {"Idempotency-Key": "bench"}
    order = make_order(dataset, steps=100)
    async with session.post(f"{yard.url}trainings", json=order, headers=headers) as answer:
        answer.raise_for_status()
        training = (await answer.json())["id"]
    async with session.get(f"{yard.url}datasets/{dataset}/items") as answer:
        item = (await answer.json())["items"][0]["id"]
    paths = (
        *("me", "points/balance", "points/statement", "notifications", "models"),
        *("training-offerings", "generation-offers", "generations", "datasets", "trainings"),
        *(f"datasets/{dataset}", f"datasets/{dataset}/items", f"trainings/{training}"),
        *(f"datasets/{dataset}/items/{item}{part}" for part in ("", "/image", "/thumbnail")),
    )
    return session, [yard.url + path for path in paths]


async def _ask(
    asks: Sequence[tuple[aiohttp.ClientSession, list[str]]], server: psutil.Process, lasts_s: float
) -> Load:
    """Send each request at its time, however long the ones before it take."""
    load = Load()
    turns = itertools.cycle(
        (session, urls[place]) for place in range(len(asks[0][1])) for session, urls in asks
    )
    before, began_s = server.cpu_times(), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, (session, url) in enumerate(itertools.islice(turns, round(RATE * lasts_s))):
            at_s = began_s + number / RATE
            await asyncio.sleep(at_s - time.perf_counter())
            group.create_task(_get(session, url, at_s, load))
            if number % RATE == 0:
                load.memory_mb.append(read_memory_mb(server.pid, "VmRSS"))
    took_s, after = time.perf_counter() - began_s, server.cpu_times()
    load.server_share = (after.user + after.system - before.user - before.system) / took_s
    load.memory_mb.append(read_memory_mb(server.pid, "VmRSS"))
    return load


async def _get(session: aiohttp.ClientSession, url: str, at_s: float, load: Load) -> None:
    async with session.get(url) as answer:
        answer.raise_for_status()
        await answer.read()
    load.took_s.append(time.perf_counter() - at_s)
