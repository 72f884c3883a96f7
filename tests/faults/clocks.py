"""Many at once that do not agree: a worker whose clock is off, and sweepers beside one another."""

import asyncio
import time

from config.wiring import open_studio
from tests.faults import processes
from tests.faults.ground import Ground, Yard, open_yard
from tests.faults.killed import kill_at
from tests.faults.painting import SlowNursery, painting
from tests.faults.rows import Row, audit, wait_ended

_OFF_S = 300
_SWEEPERS = 4
_LEFT = ("completed", "points settled", "news written", "all done")


async def run_fast(ground: Ground, times: int) -> Row:
    """Work beside a worker whose clock is five minutes fast: to it, every lease has run out."""
    row = Row("worker: clock five minutes fast; it takes a job from a right one at work")
    for _ in range(times):
        async with open_yard(ground.make_settings()) as yard:
            async with painting(yard.studio, yard.settings, paint_s=SlowNursery.paint_s):
                await _wait_claimed(yard)
                began_s = time.monotonic()
                wrong = await processes.start(yard.settings, "painter", str(_OFF_S))
                await wait_ended(yard.studio, yard.ids)
                row.recovered_s.append(time.monotonic() - began_s)
            await processes.end(wrong)
            await _note_theft(yard, row)
    return row


async def run_slow(ground: Ground, times: int) -> Row:
    """Work beside a worker whose clock is five minutes slow: to others, its leases have run out."""
    row = Row("worker: clock five minutes slow; a right one takes the job that it works on")
    for _ in range(times):
        async with open_yard(ground.make_settings()) as yard:
            wrong = await processes.start(yard.settings, "slow painter", str(-_OFF_S))
            await _wait_claimed(yard)
            began_s = time.monotonic()
            async with painting(yard.studio, yard.settings):
                await wait_ended(yard.studio, yard.ids)
                row.recovered_s.append(time.monotonic() - began_s)
            await processes.end(wrong)
            await _note_theft(yard, row)
    return row


async def _wait_claimed(yard: Yard) -> None:
    (job,) = await yard.draw(1, pictures=4)
    async with asyncio.timeout(120):
        while True:
            if (await yard.studio.leases._jobs.get(job.id)).token > 0:
                return
            await asyncio.sleep(0.02)


async def _note_theft(yard: Yard, row: Row) -> None:
    """Count how often a lease was taken from a worker, and audit."""
    for job_id in yard.ids:
        row.times += (await yard.studio.leases._jobs.get(job_id)).token - 1
    await audit(yard.studio, yard.ids, row)


async def sweep_together(ground: Ground, times: int) -> Row:
    """Let four sweepers in two processes' studios meet at jobs that dead workers left behind."""
    row = Row(f"{_SWEEPERS} sweepers at once, on jobs that killed workers left")
    settings = ground.make_settings()
    async with open_yard(settings) as yard, open_studio(settings) as other:
        for _ in range(times):
            for point in _LEFT:
                await yard.draw(1)
                await kill_at(yard, point, row, "painter")
            row.times -= len(_LEFT)
            began_s = time.monotonic()
            studios = (yard.studio, other) * (_SWEEPERS // 2)
            await asyncio.gather(*(studio.sweeper.sweep() for studio in studios))
            row.times += 1
            row.recovered_s.append(time.monotonic() - began_s)
        await audit(yard.studio, yard.ids, row)
    return row
