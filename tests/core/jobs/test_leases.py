"""Leases: one winner a claim, nothing from a worker that lost it, attempts, fairness and caps."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from core.accounts.records import Principal
from core.errors import ConflictError, LeaseLostError
from core.jobs.attempts import MAX_ATTEMPTS
from core.jobs.leases import LEASE_S, Leases
from core.jobs.records import Checkpoint, Failure, Job, Progress, Sample, Status, StoredFile
from core.jobs.transitions import MAX_HISTORY_LINES
from tests.core.yard import FAMILIES, PRICE, STEPS, Yard

OOM = Failure(code="out_of_memory", message="Too large for this GPU.")


def make_file(name: str) -> StoredFile:
    return StoredFile(name=name, key=f"jobs/{name}", sha256="0", bytes=1, content_type="x/y")


async def submit_many(yard: Yard, name: str, jobs: int, cap_jobs: int = 2) -> Principal:
    """Give somebody queued jobs, a second apart."""
    principal = await yard.meet(name)
    await yard.cap(principal, cap_jobs)
    dataset = await yard.fill(principal)
    for n in range(jobs):
        yard.clock.pass_s(1)
        await yard.submit(principal, dataset, f"{name}{n}")
    return principal


@pytest.mark.every_store
async def test_a_job_walks_to_its_end_and_is_charged_once(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    job = await yard.step(job, 40)
    done = await yard.finish(job)
    assert (done.status, done.charged_points, done.steps_done) == (Status.COMPLETED, PRICE, STEPS)
    assert [line.status for line in done.history][-2:] == [Status.FINISHING, Status.COMPLETED]
    verdict = await yard.check()
    assert (verdict.open_holds_points, verdict.charged_points) == (0, PRICE)
    model = await yard.studio.models.get(mira, done.model or "")
    assert model.provenance.job == job.id


async def test_of_two_claims_one_wins(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.submit(mira, await yard.fill(mira))
    claims = await asyncio.gather(*(yard.studio.leases.claim(f"w{n}", FAMILIES) for n in range(8)))
    won = [job for job in claims if job is not None]
    assert len(won) == 1
    assert (await yard.stores.jobs.get(won[0].id)).lease == won[0].lease


@pytest.mark.parametrize(
    "write",
    [
        lambda leases, job: leases.heartbeat(job, Progress(step=99)),
        lambda leases, job: leases.start_finishing(job),
        lambda leases, job: leases.add_sample(job, Sample(step=1, prompt="p", file=make_file("s"))),
        lambda leases, job: leases.set_checkpoint(job, Checkpoint(step=9, files=())),
        lambda leases, job: leases.release(job, "drain"),
        lambda leases, job: leases.give_back(job, "broke"),
        lambda leases, job: leases.complete(job, ()),
        lambda leases, job: leases.cancel(job),
        lambda leases, job: leases.fail(job, OOM),
    ],
)
async def test_a_worker_that_lost_its_lease_writes_nothing(
    yard: Yard, write: Callable[[Leases, Job], Awaitable[Job]]
) -> None:
    mira = await yard.meet()
    zombie = await yard.train(mira, await yard.fill(mira))
    yard.clock.pass_s(LEASE_S + 1)
    heir = await yard.start()
    assert heir.token == zombie.token + 1
    with pytest.raises(LeaseLostError):
        await write(yard.studio.leases, zombie)
    assert await yard.stores.jobs.get(heir.id) == heir


async def test_a_heartbeat_keeps_the_lease_and_steps_never_go_back(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    for step in (30, 20):
        yard.clock.pass_s(LEASE_S - 1)
        job = await yard.step(job, step)
        assert await yard.studio.leases.claim("other", FAMILIES) is None
    assert job.steps_done == 30
    assert await yard.stores.jobs.get(job.id) == job


async def test_a_loss_that_is_not_a_number_is_unknown(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    diverged = Progress(step=5, loss=float("nan"), images_per_s=float("inf"))
    assert (await yard.studio.leases.heartbeat(job, diverged)).progress.loss is None
    points = [(1, 0.5, 0.1), (2, float("nan"), 0.1), (3, 0.4, 0.1)]
    await yard.studio.losses.append(job.id, points)
    losses = await yard.studio.jobs.list_losses(mira, job.id)
    assert losses == [(1, 0.5, 0.1), (3, 0.4, 0.1)]


async def test_samples_that_arrive_together_are_all_kept(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    samples = [Sample(step=n % 5, prompt=f"p{n}", file=make_file(f"s{n}")) for n in range(10)]
    await asyncio.gather(*(yard.studio.leases.add_sample(job, sample) for sample in samples))
    again = samples[0].model_copy(update={"file": make_file("again")})
    job = await yard.studio.leases.add_sample(job, again)
    assert len(job.samples) == 10
    assert [sample.step for sample in job.samples] == sorted(s.step for s in samples)
    assert again in job.samples


async def test_the_third_attempt_without_progress_fails_and_gives_all_back(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.submit(mira, await yard.fill(mira))
    for _ in range(MAX_ATTEMPTS):
        job = await yard.step(await yard.start(), 50)
        yard.clock.pass_s(LEASE_S + 1)
    assert await yard.studio.leases.claim("worker", FAMILIES) is None
    job = await yard.stores.jobs.get(job.id)
    assert (job.status, job.charged_points) == (Status.FAILED, 0)
    assert await yard.studio.points.get_balance(mira.account) == 1000
    await yard.check()


async def test_a_checkpoint_that_moved_on_forgives_the_attempts(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.submit(mira, await yard.fill(mira))
    for attempt in range(1, MAX_ATTEMPTS * 2):
        stale = await yard.start()
        await yard.studio.leases.set_checkpoint(stale, Checkpoint(step=attempt, files=()))
        job = await yard.studio.leases.give_back(stale, "the machine went away")
        assert job.status is Status.QUEUED


async def test_a_drained_worker_costs_no_attempt(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.submit(mira, await yard.fill(mira))
    for _ in range(MAX_ATTEMPTS * 2):
        job = await yard.studio.leases.release(await yard.start(), "drain")
        assert (job.status, job.attempts, job.lease) == (Status.QUEUED, 0, None)
    for _ in range(MAX_HISTORY_LINES):
        job = await yard.studio.leases.release(await yard.start(), "drain")
    assert len(job.history) == MAX_HISTORY_LINES


async def test_a_worn_out_or_cancelled_job_ends_without_any_worker(yard: Yard) -> None:
    mira = await submit_many(yard, "mira", 2)
    worn, cancelled = await yard.start(), await yard.start()
    await yard.studio.jobs.cancel(mira, cancelled.id)
    stored = await yard.stores.jobs.get(worn.id)
    await yard.stores.jobs.replace(stored.changed(yard.clock.now(), attempts=MAX_ATTEMPTS))
    await yard.sweep_later()
    statuses = [(await yard.stores.jobs.get(job.id)).status for job in (worn, cancelled)]
    assert statuses == [Status.FAILED, Status.CANCELLED]
    await yard.check()


async def test_only_a_worker_for_its_family_gets_a_job(yard: Yard) -> None:
    mira = await yard.meet()
    await yard.submit(mira, await yard.fill(mira))
    assert await yard.studio.leases.claim("big", frozenset({"sdxl"})) is None
    assert await yard.studio.leases.claim("small", frozenset({"sdxl", "tiny"})) is not None


async def test_accounts_take_turns_and_each_gets_its_oldest_job(yard: Yard) -> None:
    ada = await submit_many(yard, "ada", 3, cap_jobs=9)
    ben = await submit_many(yard, "ben", 2, cap_jobs=9)
    claimed = [await yard.start() for _ in range(5)]
    assert [job.owner for job in claimed] == [n.account for n in (ada, ben, ada, ben, ada)]
    assert [job.idempotency_key for job in claimed] == ["ada0", "ben0", "ada1", "ben1", "ada2"]


async def test_an_account_at_its_cap_waits_and_keeps_nobody_waiting(yard: Yard) -> None:
    ada = await submit_many(yard, "ada", 12, cap_jobs=1)
    first = await yard.start()
    ben = await submit_many(yard, "ben", 1)
    assert (await yard.start()).owner == ben.account
    assert await yard.studio.leases.claim("worker", FAMILIES) is None
    await yard.finish(first)
    following = await yard.start()
    assert (following.owner, following.idempotency_key) == (ada.account, "ada1")


@pytest.mark.every_store
async def test_claims_at_once_do_not_pass_the_cap(yard: Yard) -> None:
    ada = await submit_many(yard, "ada", 6, cap_jobs=2)
    for _ in range(3):  # a loser may have looked too early; the next look is right
        claims = (yard.studio.leases.claim(f"w{n}", FAMILIES) for n in range(6))
        await asyncio.gather(*claims)
    running = await yard.stores.jobs.find({"owner": ada.account, "status": Status.PREPARING})
    assert sorted(job.slot or 0 for job in running) == [0, 1]


async def test_a_claim_after_a_crash_keeps_its_slot_even_above_a_lowered_cap(yard: Yard) -> None:
    ada = await submit_many(yard, "ada", 2)
    jobs = [await yard.start(), await yard.start()]
    await yard.cap(ada, 1)
    yard.clock.pass_s(LEASE_S + 1)
    again = [await yard.start(), await yard.start()]
    assert {(j.id, j.slot) for j in again} == {(j.id, j.slot) for j in jobs}


async def test_finishing_needs_running_first(yard: Yard) -> None:
    mira = await yard.meet()
    job = await yard.train(mira, await yard.fill(mira))
    with pytest.raises(ConflictError, match="running; it cannot become completed"):
        await yard.studio.leases.complete(job, ())
