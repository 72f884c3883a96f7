"""How soon a person sees a training begin and move on: real server, Redis and worker on loopback."""

import asyncio
import json
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp
from pydantic import JsonValue, TypeAdapter

from config.wiring import open_studio
from core.jobs.records import TERMINAL
from tests.bench.figures import Effort, Reading
from tests.bench.people import make_dataset, make_order, meet
from tests.bench.turns import get_middle
from tests.bench.yard import Yard, open_yard

_READY_S = 120.0
_JOB_S = 120.0
_QUIET_S = 0.5
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_read=_JOB_S)
Notes = list[tuple[float, dict[str, JsonValue]]]
_NOTE: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True)
class Seen:
    """One training: when it was submitted, and at which second which step was seen by whom."""

    submitted_s: float
    loading_s: float
    told: tuple[tuple[int, float], ...]
    """Steps as the child told them."""
    shown: tuple[tuple[int, float], ...]
    """Steps as the stream's events showed them."""

    @property
    def first_step_s(self) -> float:
        return next(at for step, at in self.shown if step >= 1) - self.submitted_s

    def list_delays_s(self) -> Iterator[float]:
        """Yield how long each step took from the child to the stream."""
        steps = [step for step, _ in self.shown]
        for step, told_s in self.told:
            yield self.shown[bisect_left(steps, step)][1] - told_s


async def measure(effort: Effort) -> dict[str, Reading]:
    async with open_yard() as yard:
        async with open_studio(yard.settings) as studio:
            person = await meet(studio)
            dataset = await make_dataset(studio, person)
        notes = yard.settings.data_folder / "notes.txt"
        notes.touch()
        await yard.serve()
        await yard.start("tests.bench.timed_worker", str(notes))
        order = make_order(dataset, effort.job_steps)
        async with aiohttp.ClientSession(headers=person.headers, timeout=_TIMEOUT) as session:
            seen = [
                await _train(session, yard, notes, order, index) for index in range(effort.jobs)
            ]
    return _conclude(seen)


def _conclude(seen: list[Seen]) -> dict[str, Reading]:
    first_s = [job.first_step_s - job.loading_s for job in seen]
    with_loading_s = median(job.first_step_s for job in seen)
    delays_s = [delay for job in seen for delay in job.list_delays_s()]
    first = f"{len(seen)} trainings, half of them in {get_middle(first_s)} s; with loading {with_loading_s:.2f} s"
    delay = f"median {median(delays_s):.2f} s of {len(delays_s)} steps"
    return {
        "job.first_step_s": Reading(median(first_s), first),
        "job.progress_delay_s": Reading(max(delays_s), delay),
    }


async def _train(
    session: aiohttp.ClientSession,
    yard: Yard,
    notes: Path,
    order: dict[str, JsonValue],
    index: int,
) -> Seen:
    """Submit one training when a child waits for it, and follow it to its end."""
    await _wait_for_child(notes, index + 1)
    said = len(_read(notes))
    async with session.get(f"{yard.url}events") as stream, asyncio.timeout(_JOB_S):
        await stream.content.readline()  # the server listens now
        headers = {"Idempotency-Key": f"bench-{index}"}
        submitted_s = time.monotonic()
        async with session.post(f"{yard.url}trainings", json=order, headers=headers) as answer:
            answer.raise_for_status()
            job = str((await answer.json())["id"])
        shown = await _follow(stream, job)
    lines = _read(notes)[said:]
    starts = {str(line["stage"]): at for at, line in reversed(lines) if line["kind"] == "stage"}
    return Seen(
        submitted_s=submitted_s,
        loading_s=starts["encoding"] - starts["loading"],
        told=tuple((_step(line), at) for at, line in lines if line["kind"] == "step"),
        shown=shown,
    )


async def _follow(stream: aiohttp.ClientResponse, job: str) -> tuple[tuple[int, float], ...]:
    """Read events until a training has ended; return the steps they showed, and when."""
    shown = []
    async for line in stream.content:
        at_s = time.monotonic()
        name, _, value = line.decode().strip().partition(": ")
        event = json.loads(value) if name == "data" else {}
        if event.get("id") == job and "progress" in event:
            shown.append((int(event["progress"]["step"]), at_s))
            if event["status"] in TERMINAL:
                return tuple(shown)
    raise RuntimeError("the stream ended before the training")


async def _wait_for_child(notes: Path, count: int) -> None:
    """Return once so many children have been ready, and the machine has had a moment."""
    async with asyncio.timeout(_READY_S):
        while True:
            if sum(line["kind"] == "ready" for _, line in _read(notes)) >= count:
                break
            await asyncio.sleep(0.05)
    await asyncio.sleep(_QUIET_S)


def _read(notes: Path) -> Notes:
    """Read what the children noted; a line that is being written has no end yet."""
    lines = notes.read_text().split("\n")[:-1]
    pairs = (line.split(" ", 1) for line in lines)
    return [(float(at), _NOTE.validate_json(text)) for at, text in pairs]


def _step(line: dict[str, JsonValue]) -> int:
    step = line["step"]
    assert isinstance(step, int)
    return step
