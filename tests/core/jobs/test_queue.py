"""How a worker finds the fairest job in a queue of any length, and what many who want it at once do."""

import asyncio
from typing import Any

import pytest

from core.jobs.fairness import spread
from core.jobs.records import Job, Status
from tests.core.crashing import CrashingDocuments, Fuse
from tests.core.yard import FAMILIES, Yard


class CountedDocuments(CrashingDocuments[Any]):
    """Documents that count how often they are searched."""

    searches = 0

    async def find(self, *places: Any, **named: Any) -> list[Any]:
        self.searches += 1
        return await super().find(*places, **named)


async def queue(yard: Yard, name: str, jobs: int, cap_jobs: int = 2) -> str:
    """Let somebody wait with jobs a second apart, and return the account."""
    principal = await yard.meet(name)
    await yard.cap(principal, cap_jobs)
    first = await yard.submit(principal, await yard.fill(principal))
    for number in range(1, jobs):
        yard.clock.pass_s(1)
        names = {"id": f"jb_{name}{number}", "idempotency_key": f"copy{number}"}
        copy = first.model_copy(update={**names, "created_at": yard.clock.now()})
        await yard.stores.jobs.insert(copy)
    yard.clock.pass_s(1)
    return principal.account


@pytest.mark.every_store
async def test_who_runs_nothing_comes_before_long_queues_of_those_who_do(yard: Yard) -> None:
    owners = [await queue(yard, name, 80, cap_jobs=9) for name in ("ada", "ben", "mira")]
    claimed = [await yard.start() for _ in range(6)]
    assert [job.owner for job in claimed] == owners * 2


async def test_a_queue_of_somebody_who_may_run_nothing_hides_nobody(yard: Yard) -> None:
    await queue(yard, "ada", 1100, cap_jobs=0)
    ben = await queue(yard, "ben", 1)
    assert (await yard.start()).owner == ben


async def test_an_account_that_runs_more_than_a_page_of_jobs_is_full_when_it_is(yard: Yard) -> None:
    principal = await yard.meet("ada")
    await yard.cap(principal, 1100)
    running = await yard.train(principal, await yard.fill(principal))
    for slot in range(1, 1100):
        names = {"id": f"jb_{slot}", "idempotency_key": f"copy{slot}", "slot": slot}
        await yard.stores.jobs.insert(running.model_copy(update=names))
    await yard.submit(principal, running.dataset, "one more")
    async with asyncio.timeout(60):
        assert await yard.studio.leases.claim("worker", FAMILIES) is None


async def test_a_claim_reads_no_more_the_more_accounts_wait(yard: Yard) -> None:
    await asyncio.gather(*(queue(yard, name, 40) for name in ("ada", "ben")))
    few = await count_searches(yard)
    for number in range(20):
        await queue(yard, f"account{number}", 3)
    assert await count_searches(yard) == few


async def count_searches(yard: Yard) -> int:
    """Count in how many searches a claim finds a job."""
    found: list[CountedDocuments] = []

    def wrap(documents: Any) -> CountedDocuments:
        found.append(CountedDocuments(documents, Fuse()))
        return found[-1]

    await yard.start_process(wrap).start()
    return sum(documents.searches for documents in found)


@pytest.mark.every_store
async def test_ten_who_claim_at_once_get_a_job_each(yard: Yard) -> None:
    """The first account's queue fills what is read first; the others' jobs lie behind it."""
    ada = await queue(yard, "ada", 80)
    others = {await queue(yard, f"other{number}", 1) for number in range(8)}
    claims = (yard.studio.leases.claim(f"worker {n}", FAMILIES) for n in range(10))
    claimed = [job for job in await asyncio.gather(*claims) if job]
    assert len({job.id for job in claimed}) == 10
    assert {job.owner for job in claimed} == {ada, *others}
    assert await yard.stores.jobs.count({"status": Status.PREPARING}) == 10


async def test_losers_of_a_race_part(yard: Yard) -> None:
    await queue(yard, "ada", 16)
    jobs: list[Job] = await yard.stores.jobs.find({})
    ids = [job.id for job in jobs]
    orders = [[job.id for job in spread(jobs, f"worker {n}")] for n in range(20)]
    assert all(sorted(order) == sorted(ids) for order in orders)
    assert {order[0] for order in orders} == {ids[0]}
    assert {order[1] for order in orders} == {ids[1], ids[2]}
    assert len({order[2] for order in orders}) >= 4
