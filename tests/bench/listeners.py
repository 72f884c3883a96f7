"""What it costs the web server to tell a hundred listeners how trainings get on."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack

import aiohttp
import psutil

from adapters.web.events import MAX_STREAMS
from config.wiring import open_studio
from core.jobs.events import job_event
from core.jobs.records import Job, Progress
from core.ports import Event
from core.studio import Studio
from tests.bench.figures import Effort, Reading
from tests.bench.people import make_dataset, make_order, meet
from tests.bench.yard import Yard, open_yard

_LISTENERS = 100
_TOLD_EVERY_S = 0.4
"""As often as a worker tells of a training (worker/claimed.py)."""
_STEPS = 1_000


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard, open_studio(yard.settings) as studio, AsyncExitStack() as stack:
        server = psutil.Process(await yard.serve())
        jobs, streams = list[Job](), list[aiohttp.ClientResponse]()
        for number in range(_LISTENERS // MAX_STREAMS):
            job, session = await _begin(studio, yard, stack, f"bench{number}")
            jobs.append(job)
            for _ in range(MAX_STREAMS):
                stream = await stack.enter_async_context(session.get(f"{yard.url}events"))
                streams.append(stream)
        idle = await _measure_cpu(server, asyncio.sleep(effort.listened_s))
        hearing = [asyncio.create_task(_hear(stream)) for stream in streams]
        told = round(effort.listened_s / _TOLD_EVERY_S)
        share = await _measure_cpu(server, _tell(studio, jobs, told))
        for job in jobs:
            await studio.events.publish(_at_step(job, _STEPS))
        heard = await asyncio.gather(*hearing)
    if min(heard) < told:
        raise RuntimeError(f"a listener heard {min(heard)} of {told} events")
    note = (
        f"{len(streams)} streams on {len(jobs)} trainings, {sum(heard) / effort.listened_s:.0f} events/s "
        f"arrived, none lost; {idle:.1%} while nothing happens"
    )
    return {"web.listener_cpu": Reading(100 * share, note)}


async def _begin(
    studio: Studio, yard: Yard, stack: AsyncExitStack, name: str
) -> tuple[Job, aiohttp.ClientSession]:
    """Have somebody order a training that no worker takes; return it, and a session of theirs."""
    person = await meet(studio, name)
    dataset = await make_dataset(studio, person)
    connector = aiohttp.TCPConnector(limit=0)
    session = aiohttp.ClientSession(headers=person.headers, connector=connector)
    await stack.enter_async_context(session)
    headers = {"Idempotency-Key": "bench"}
    order = make_order(dataset, steps=_STEPS)
    async with session.post(f"{yard.url}trainings", json=order, headers=headers) as answer:
        answer.raise_for_status()
        training = (await answer.json())["id"]
    return await studio.jobs.get(person.principal, training), session


async def _measure_cpu(server: psutil.Process, during: Awaitable[None]) -> float:
    """Return the share of a core that the server uses meanwhile."""
    before, began_s = server.cpu_times(), time.monotonic()
    await during
    after, took_s = server.cpu_times(), time.monotonic() - began_s
    return float(after.user + after.system - before.user - before.system) / took_s


async def _tell(studio: Studio, jobs: list[Job], times: int) -> None:
    """Tell of each training as a worker does, at its pace."""
    began_s = time.monotonic()
    for step in range(1, times + 1):
        for job in jobs:
            await studio.events.publish(_at_step(job, step))
        await asyncio.sleep(began_s + step * _TOLD_EVERY_S - time.monotonic())


def _at_step(job: Job, step: int) -> Event:
    progress = Progress(
        step=step, total_steps=_STEPS, stage="training", loss=0.1, images_per_s=4.0, eta_s=60.0
    )
    return job_event(job.model_copy(update={"progress": progress}))


async def _hear(stream: aiohttp.ClientResponse) -> int:
    """Count a stream's events until the last step is told."""
    heard = 0
    async for line in stream.content:
        if line.startswith(b"data:"):
            heard += 1
            if f'"step":{_STEPS}'.encode() in line:
                return heard
    raise RuntimeError("a stream ended early")
