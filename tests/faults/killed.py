"""kill -9: workers with torch, workers without (many times), at each named write and at any moment."""

import asyncio
import random
import signal
import time

from core.jobs.records import Job
from tests.faults import processes
from tests.faults.ground import Ground, Yard, open_yard
from tests.faults.painting import painting
from tests.faults.rows import Row, audit, wait_ended
from tests.worker.people import submit

PAINTER_POINTS = (
    "claimed",
    "running",
    "first picture drawn",
    "picture named",
    "finishing",
    "completed",
    "points settled",
    "news written",
    "all done",
)
TRAINING_POINTS = (
    ("claimed", "finishing"),
    ("running", "weights stored"),
    ("sample stored", "completed"),
    ("sample named", "model made"),
    ("losses written", "points settled"),
    ("checkpoint half stored", "news written"),
    ("checkpoint named", "all done"),
)
DRAWING_POINTS = (
    ("claimed", "finishing"),
    ("picture drawn", "completed"),
    ("picture named", "all done"),
)
CAPTION_POINTS = ("caption written", "caption counted", "completed")
_SETTLED_BY_SWEEP = ("completed", "model made", "points settled", "news written", "all done")
"""Behind these writes no worker is needed any more: whoever sweeps does the rest."""


async def kill_painters(ground: Ground, times: int) -> Row:
    """Kill a worker at each write of a generation, so many times."""
    row = Row(f"worker, no torch: kill -9 at each of {len(PAINTER_POINTS)} named writes")
    async with asyncio.TaskGroup() as group:
        for point in PAINTER_POINTS:
            group.create_task(_kill_painters_at(ground, point, times, row))
    return row


async def _kill_painters_at(ground: Ground, point: str, times: int, row: Row) -> None:
    async with open_yard(ground.make_settings()) as yard:
        for _ in range(times):
            await yard.draw(1)
            await kill_at(yard, point, row, "painter")
            began_s = time.monotonic()
            async with painting(yard.studio, yard.settings):
                await wait_ended(yard.studio, yard.ids)
            row.recovered_s.append(time.monotonic() - began_s)
        await audit(yard.studio, yard.ids, row)


async def kill_painters_at_random(ground: Ground, times: int) -> Row:
    """Kill a worker at any moment, most often in the middle of a write of SQLite."""
    row = Row("worker, no torch: kill -9 at any moment, with SQLite written all the time")
    chance = random.Random(11)
    async with open_yard(ground.make_settings()) as yard:
        for _ in range(times):
            await yard.draw(20)
            doomed = await processes.start(yard.settings, "painter")
            await yard.wait_more()
            await asyncio.sleep(chance.uniform(0, 0.2))
            doomed.send_signal(signal.SIGKILL)
            await doomed.wait()
            row.times += 1
            began_s = time.monotonic()
            async with painting(yard.studio, yard.settings):
                await wait_ended(yard.studio, yard.ids)
            row.recovered_s.append(time.monotonic() - began_s)
        await audit(yard.studio, yard.ids, row)
    return row


async def kill_trainings(ground: Ground, times: int) -> Row:
    """Train with torch; the worker is killed early and late in each training."""
    writes = sum(map(len, TRAINING_POINTS))
    row = Row(f"worker that trains: kill -9 at each of {writes} named writes")
    for points in TRAINING_POINTS * times:
        await kill_training(ground, points, row)
    return row


async def kill_training(ground: Ground, points: tuple[str, ...], row: Row) -> None:
    """Kill the workers of one training, each at its point."""
    async with open_yard(ground.make_settings(), images=4) as yard:
        job = await submit(yard.studio, yard.person, steps=40, sample_every_steps=30)
        yard.ids.append(job.id)
        await kill_in_turn(yard, points, row)


async def kill_drawings(ground: Ground, times: int) -> Row:
    """Draw with torch; the worker is killed early and late in each generation."""
    writes = sum(map(len, DRAWING_POINTS))
    row = Row(f"worker that generates: kill -9 at each of {writes} named writes")
    for points in DRAWING_POINTS * times:
        await kill_drawing(ground, points, row)
    return row


async def kill_drawing(ground: Ground, points: tuple[str, ...], row: Row) -> None:
    """Kill the workers of one generation of three pictures, each at its point."""
    async with open_yard(ground.make_settings()) as yard:
        await yard.draw(1, pictures=3)
        await kill_in_turn(yard, points, row)


async def kill_in_turn(yard: Yard, points: tuple[str, ...], row: Row) -> None:
    """Kill a worker at each of these points, let the job be done, and audit."""
    for point in points:
        await kill_at(yard, point, row, "worker")
    began_s = time.monotonic()
    await _finish(yard, points[-1])
    row.recovered_s.append(time.monotonic() - began_s)
    await audit(yard.studio, yard.ids, row)


async def kill_at(yard: Yard, point: str, row: Row, command: str) -> None:
    """Start a worker that kills itself at this point, and wait until it has."""
    doomed = await processes.start(yard.settings, command, point)
    try:
        await doomed.wait_killed()
    finally:
        doomed.send_signal(signal.SIGKILL)
    row.times += 1


async def _finish(yard: Yard, point: str) -> None:
    if point in _SETTLED_BY_SWEEP:
        await yard.studio.sweeper.sweep()
        await wait_ended(yard.studio, yard.ids, within_s=30)
        return
    last = await processes.start(yard.settings, "worker")
    try:
        await wait_ended(yard.studio, yard.ids)
    finally:
        await processes.end(last)


async def freeze(ground: Ground, times: int) -> Row:
    """Stop a worker that trains, and let it go on when another one has done its job."""
    row = Row("worker that trains: frozen until another one has done its job, then awake")
    for _ in range(times):
        async with open_yard(ground.make_settings(), images=4) as yard:
            await _freeze_one(yard, row)
    return row


async def _freeze_one(yard: Yard, row: Row) -> None:
    frozen = await processes.start(yard.settings, "worker")
    job = await _train(yard, "first")
    await _wait_running(yard, job)
    frozen.send_signal(signal.SIGSTOP)
    began_s = time.monotonic()
    second = await processes.start(yard.settings, "worker")
    try:
        await wait_ended(yard.studio, yard.ids)
        row.recovered_s.append(time.monotonic() - began_s)
        done = await yard.studio.leases._jobs.get(job.id)
        frozen.send_signal(signal.SIGCONT)
        await _train(yard, "another")
        await wait_ended(yard.studio, yard.ids)  # who came back has met its lost lease by then
        if (await yard.studio.leases._jobs.get(job.id)).version != done.version:
            row.double(f"{job.id} was written after its end")
    finally:
        frozen.send_signal(signal.SIGCONT)
        await processes.end(second)
        await processes.end(frozen)
    row.times += 1
    await audit(yard.studio, yard.ids, row)


async def _train(yard: Yard, key: str) -> Job:
    job = await submit(yard.studio, yard.person, key, steps=40, sample_every_steps=40)
    yard.ids.append(job.id)
    return job


async def _wait_running(yard: Yard, job: Job) -> None:
    async with asyncio.timeout(120):
        while True:
            if (await yard.studio.leases._jobs.get(job.id)).status == "running":
                return
            await asyncio.sleep(0.02)
