"""Three workers and two servers, killed at random: no job is lost, none is done or paid twice, all is fair."""

import asyncio
import time
from datetime import datetime

from pydantic import JsonValue

from core.accounts.records import Scope
from core.jobs.records import TERMINAL, Job, Status
from core.studio import Studio
from tests.faults.fleet import WORKERS, RunningFleet, run_fleet
from tests.faults.ground import Ground, open_yard
from tests.faults.rows import Row, audit
from tests.worker.people import Person, meet

_SEED = 7
_KILL_AFTER = 10
"""Jobs that end between one kill and the next."""
_SMALL = 3
"""Jobs of the account that comes last."""
_WITHIN_S = 900
_ORDER: dict[str, JsonValue] = {
    "prompt": "a striped flag",
    "params": {"steps": 1, "width_px": 32, "height_px": 32},
}


async def kill_fleet(ground: Ground, jobs: int) -> Row:
    """Have jobs done by a fleet of which somebody is killed again and again."""
    row = Row("fleet of three workers and two servers: kill -9 of anybody, all the time")
    settings = ground.make_settings().model_copy(update={"generation_idle_s": 300.0})
    async with open_yard(settings) as yard, asyncio.timeout(_WITHIN_S):
        small = await meet(yard.studio, "small", points=1000, images=0)
        async with run_fleet(settings, _SEED) as fleet:
            yard.ids += await _submit_all(yard.studio, fleet, yard.person, jobs - _SMALL)
            yard.ids += await _submit_all(yard.studio, fleet, small, _SMALL)
            ended = await _follow(yard.studio, fleet, yard.ids, row)
            row.times = fleet.kills
        await audit(yard.studio, yard.ids, row)
        _check_fairness(ended, small, fleet.kills, row)
    return row


async def _submit_all(studio: Studio, fleet: RunningFleet, person: Person, count: int) -> list[str]:
    """Submit jobs to the servers in turn; one of them is killed meanwhile."""
    account = await studio.accounts.follow(person.principal.account)
    _, token = await studio.tokens.create(account, "fleet", tuple(Scope))
    found = []
    for index in range(count):
        if index == count // 2:
            await fleet.members[-1].kill()
        found.append(await fleet.submit(token, f"job {index}", {**_ORDER, "seed": index}))
    return found


async def _follow(studio: Studio, fleet: RunningFleet, ids: list[str], row: Row) -> list[Job]:
    """Return the jobs when all have ended, and kill somebody each time so many more have."""
    next_kill, killed_s, before = _KILL_AFTER, 0.0, 0
    while True:
        jobs = [await studio.leases._jobs.get(job_id) for job_id in ids]
        ended = sum(job.status in TERMINAL and not job.needs_settling for job in jobs)
        if killed_s and ended > before:
            row.recovered_s.append(time.monotonic() - killed_s)
            killed_s = 0.0
        if ended == len(jobs):
            return jobs
        if ended >= next_kill:
            next_kill += _KILL_AFTER
            await fleet.kill_somebody()
            killed_s, before = time.monotonic(), ended
        await asyncio.sleep(0.2)


def _check_fairness(jobs: list[Job], small: Person, kills: int, row: Row) -> None:
    """Note as stuck what kept the last account's first job from being taken before most that had come before."""
    mine = [job for job in jobs if job.owner == small.principal.account]
    others = [job for job in jobs if job.owner != small.principal.account]
    came = min(_when(job, Status.QUEUED) for job in mine)
    taken = min(_when(job, Status.PREPARING) for job in mine)
    ahead = [job for job in others if came < _when(job, Status.PREPARING) < taken]
    if len(ahead) > WORKERS + kills:
        row.stuck += 1
        row.found.append(f"unfair: {len(ahead)} jobs of the other account went first")


def _when(job: Job, status: Status) -> datetime:
    return next(line.at for line in job.history if line.status is status)
