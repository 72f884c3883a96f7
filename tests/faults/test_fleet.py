"""Three workers and two servers, killed at random: no job is lost, none is done or paid twice, nobody waits unfairly.

`TRAINYARD_FLEET_JOBS` says how many jobs; `make faults` runs a hundred.
"""

import asyncio
import os
from datetime import datetime

from pydantic import JsonValue

from config.settings import Settings
from core.accounts.records import Scope
from core.jobs.records import TERMINAL, Job, Status
from core.points.records import EntryKind
from core.records import PageRequest
from core.studio import Studio
from tests.faults import processes
from tests.faults.fleet import WORKERS, RunningFleet, run_fleet
from tests.worker.people import Person, meet

JOBS = int(os.environ.get("TRAINYARD_FLEET_JOBS", "20"))
SEED = 7
KILL_AFTER = 10
"""Jobs that end between one kill and the next."""
SMALL = 3
"""Jobs of the account that comes last."""
ORDER: dict[str, JsonValue] = {
    "prompt": "a striped flag",
    "params": {"steps": 1, "width_px": 32, "height_px": 32},
}


async def test_a_fleet_that_is_killed_at_random_does_every_job_once(
    settings: Settings, studio: Studio
) -> None:
    short = settings.model_copy(update={"lease_s": processes.LEASE_S, "generation_idle_s": 300.0})
    large = await meet(studio, "large", points=10_000, images=0)
    await _let_run(studio, large, WORKERS)
    small = await meet(studio, "small", points=1000, images=0)
    async with run_fleet(short, SEED) as fleet, asyncio.timeout(900):
        first = await _submit_all(studio, fleet, large, JOBS - SMALL)
        last = await _submit_all(studio, fleet, small, SMALL)
        jobs = await _follow(studio, fleet, [*first, *last])
        assert fleet.kills >= JOBS // KILL_AFTER
    assert len({job.id for job in jobs}) == JOBS
    assert {job.status for job in jobs} == {Status.COMPLETED}
    assert all(len(job.pictures) == 1 for job in jobs)
    await _check_books(studio, large, JOBS - SMALL)
    await _check_books(studio, small, SMALL)
    verdict = await studio.reconciler.reconcile()
    assert verdict.is_sound, verdict.findings
    _check_fairness(jobs, small, fleet.kills)


async def _let_run(studio: Studio, person: Person, jobs: int) -> None:
    """Let an account's jobs take every worker, so that only fairness keeps one for others."""
    account = await studio.accounts.follow(person.principal.account)
    quotas = account.quotas.model_copy(update={"max_running_jobs": jobs})
    await studio.accounts._accounts.replace(account.changed(account.updated_at, quotas=quotas))


async def _submit_all(studio: Studio, fleet: RunningFleet, person: Person, count: int) -> list[str]:
    """Submit jobs to the servers in turn; one of them is killed meanwhile."""
    account = await studio.accounts.follow(person.principal.account)
    _, token = await studio.tokens.create(account, "fleet", tuple(Scope))
    found = []
    for index in range(count):
        if index == count // 2:
            await fleet.members[-1].kill()
        found.append(await fleet.submit(token, f"job {index}", {**ORDER, "seed": index}))
    return found


async def _follow(studio: Studio, fleet: RunningFleet, ids: list[str]) -> list[Job]:
    """Return the jobs when all have ended, and kill somebody each time so many more have."""
    next_kill = KILL_AFTER
    while True:
        jobs = [await studio.leases._jobs.get(job_id) for job_id in ids]
        ended = sum(job.status in TERMINAL and not job.needs_settling for job in jobs)
        if ended == len(jobs):
            return jobs
        if ended >= next_kill:
            next_kill += KILL_AFTER
            await fleet.kill_somebody()
        await asyncio.sleep(0.2)


async def _check_books(studio: Studio, person: Person, count: int) -> None:
    """Assert that each job was held, settled and told once."""
    page = PageRequest(limit=200)
    entries = (await studio.points.get_statement(person.principal, page)).items
    kinds = [entry.kind for entry in entries]
    assert (kinds.count(EntryKind.HOLD), kinds.count(EntryKind.SETTLE)) == (count, count)
    news = (await studio.notifications.list_own(person.principal, page)).items
    assert len({str(one.data["generation"]) for one in news}) == len(news) == count


def _check_fairness(jobs: list[Job], small: Person, kills: int) -> None:
    """Assert that the last account's first job was taken before most that had come before it."""
    mine = [job for job in jobs if job.owner == small.principal.account]
    others = [job for job in jobs if job.owner != small.principal.account]
    came = min(_when(job, Status.QUEUED) for job in mine)
    taken = min(_when(job, Status.PREPARING) for job in mine)
    ahead = [job for job in others if came < _when(job, Status.PREPARING) < taken]
    assert len(ahead) <= WORKERS + kills, f"{len(ahead)} jobs of the other account went first"


def _when(job: Job, status: Status) -> datetime:
    return next(line.at for line in job.history if line.status is status)
