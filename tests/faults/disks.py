"""A disk that is full for a while, at each place where a worker or a server writes."""

import asyncio
import resource
import time

from tests.faults import processes
from tests.faults.disk_sites import FULL_S, SITES
from tests.faults.ground import Ground, open_yard
from tests.faults.rows import Row, audit, wait_ended

_LIMIT_BYTES = 10_000
"""Less than a picture has, and than SQLite's log."""


async def fill_sites(ground: Ground, jobs: int) -> Row:
    """Start a worker that finds the disk full at one place; the next place, the next worker."""
    row = Row(f"worker: disk full for {FULL_S} s at each of {len(SITES)} writes of files")
    for site in SITES:
        async with open_yard(ground.make_settings()) as yard:
            await yard.draw(jobs)
            worker = await processes.start(yard.settings, "painter", site)
            try:
                began_s = time.monotonic()
                await wait_ended(yard.studio, yard.ids)
                row.recovered_s.append(time.monotonic() - began_s)
            finally:
                await processes.end(worker)
            row.times += 1
            await audit(yard.studio, yard.ids, row)
    return row


async def fill_all(ground: Ground, times: int) -> Row:
    """Let no file of a running worker grow, by the kernel's own limit, and lift it again."""
    row = Row(f"worker: no file may grow for {FULL_S} s (RLIMIT_FSIZE)")
    async with open_yard(ground.make_settings()) as yard:
        worker = await processes.start(yard.settings, "painter")
        try:
            for _ in range(times):
                await yard.draw(10)
                await yard.wait_more()
                limits = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
                resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (_LIMIT_BYTES, limits[1]))
                await yard.draw(10)
                await asyncio.sleep(FULL_S)
                resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, limits)
                began_s = time.monotonic()
                await wait_ended(yard.studio, yard.ids)
                row.recovered_s.append(time.monotonic() - began_s)
                row.times += 1
            await audit(yard.studio, yard.ids, row)
        finally:
            await processes.end(worker)
    return row
