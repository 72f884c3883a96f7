"""Workers announce themselves, jobs go where they fit, and who waits for none is told why."""

import pytest

from core.accounts.records import Principal, Role
from core.errors import ForbiddenError
from core.fleet.records import Memory, State, Worker
from core.jobs.obstacles import Obstacle, ObstacleCode
from core.jobs.records import Job, Kind, Status
from core.notifications.records import NewsKind
from core.records import PageRequest, new_id
from tests.core.yard import FAMILIES, Yard

ADMIN = Principal(account="ac_admin", role=Role.ADMIN)
MEMORY = Memory(total_bytes=16 * 10**9, free_bytes=10**9)


def make_worker(
    yard: Yard,
    name: str = "gpu-1",
    *,
    memory_gb: int = 16,
    families: tuple[str, ...] = ("tiny",),
    kinds: tuple[Kind, ...] = tuple(Kind),
) -> Worker:
    now = yard.clock.now()
    return Worker(
        id=new_id("wk"),
        created_at=now,
        updated_at=now,
        expires_at=now,
        name=name,
        code="1",
        kinds=kinds,
        families=families,
        memory_gb=memory_gb,
        memory=MEMORY,
    )


async def put_job(yard: Yard, key: str, vram_gb: int | None) -> Job:
    """Queue a training on the tiny family that needs so much memory."""
    person = await yard.meet()
    job = await yard.submit(person, await yard.fill(person), key)
    return await yard.stores.jobs.replace(job.model_copy(update={"vram_gb": vram_gb}))


async def list_news(yard: Yard, job: Job) -> list[dict[str, object]]:
    owner = Principal(account=job.owner, role=Role.MEMBER)
    page = await yard.studio.notifications.list_own(owner, PageRequest())
    return [dict(news.data) for news in page.items if news.kind is NewsKind.JOB_STRANDED]


@pytest.mark.every_store
async def test_a_worker_is_up_while_it_is_heard_of_and_forgotten_an_hour_later(yard: Yard) -> None:
    fleet = yard.studio.fleet
    worker = await fleet.announce(make_worker(yard))
    yard.clock.pass_s(60)
    worker = await fleet.announce(worker.model_copy(update={"job": "jb_1"}))
    yard.clock.pass_s(60)
    (seen,) = (await fleet.report(ADMIN)).workers
    assert (seen.state, seen.worker.job, await fleet.count_up()) == (State.BUSY, "jb_1", 1)
    yard.clock.pass_s(60)
    (seen,) = (await fleet.report(ADMIN)).workers
    assert (seen.state, await fleet.count_up()) == (State.LOST, 0)
    yard.clock.pass_s(3600)
    assert await fleet.sweep() == 1
    assert (await fleet.report(ADMIN)).workers == ()
    again = await fleet.announce(worker)
    assert again.id != worker.id, "a worker that wakes after its record went has a new one"
    assert await fleet.count_up() == 1


async def test_a_worker_that_drains_is_shown_and_one_that_has_ended_is_not(yard: Yard) -> None:
    fleet = yard.studio.fleet
    worker = await fleet.announce(make_worker(yard).model_copy(update={"is_draining": True}))
    assert [seen.state for seen in (await fleet.report(ADMIN)).workers] == [State.DRAINING]
    await fleet.leave(worker)
    assert (await fleet.report(ADMIN)).workers == ()


async def test_only_admins_see_the_workers(yard: Yard) -> None:
    with pytest.raises(ForbiddenError):
        await yard.studio.fleet.report(await yard.meet())


@pytest.mark.every_store
async def test_a_job_goes_to_a_worker_that_has_the_memory_for_it(yard: Yard) -> None:
    large, small = await put_job(yard, "large", 16), await put_job(yard, "small", None)
    leases = yard.studio.leases
    claimed = await leases.claim("8 GB", FAMILIES, memory_gb=8)
    assert claimed is not None and claimed.id == small.id
    assert await leases.claim("8 GB", FAMILIES, memory_gb=8) is None
    claimed = await leases.claim("16 GB", FAMILIES, memory_gb=16)
    assert claimed is not None and claimed.id == large.id


async def test_the_catalogue_says_how_much_memory_a_job_needs(yard: Yard) -> None:
    offerings = yard.studio.offerings
    assert offerings.get("sdxl-lora").needed_gb == 16
    assert offerings.get("tiny-lora").needed_gb is None
    assert offerings.get_generation("sdxl-1.0")[1].needed_gb == 12


@pytest.mark.parametrize(
    ("worker", "obstacle"),
    [
        (None, Obstacle(code=ObstacleCode.NO_WORKER, family="tiny", vram_gb=12)),
        (
            {"kinds": (Kind.GENERATE,), "memory_gb": 16},
            Obstacle(code=ObstacleCode.NO_KIND, family="tiny", vram_gb=12),
        ),
        (
            {"families": ("sdxl",), "memory_gb": 16},
            Obstacle(code=ObstacleCode.NO_FAMILY, family="tiny", vram_gb=12),
        ),
        ({"memory_gb": 8}, Obstacle(code=ObstacleCode.NO_MEMORY, family="tiny", vram_gb=12)),
        ({"memory_gb": 12}, None),
    ],
)
async def test_who_waits_for_a_worker_that_is_not_there_is_told_why_once(
    yard: Yard, worker: dict[str, object] | None, obstacle: Obstacle | None
) -> None:
    job = await put_job(yard, "first", 12)
    yard.clock.pass_s(61)
    if worker is not None:
        await yard.studio.fleet.announce(make_worker(yard, **worker))  # type: ignore[arg-type]
    for _ in range(2):
        await yard.studio.sweeper.sweep()
    assert (await yard.stores.jobs.get(job.id)).obstacle == obstacle
    news = await list_news(yard, job)
    assert [one["obstacle"] for one in news] == (
        [obstacle.model_dump(mode="json")] if obstacle else []
    )


async def test_nobody_is_told_within_a_minute_of_a_workers_restart(yard: Yard) -> None:
    worker = await yard.studio.fleet.announce(make_worker(yard))
    job = await put_job(yard, "first", None)
    yard.clock.pass_s(61)
    await yard.studio.fleet.leave(await yard.studio.fleet.announce(worker))
    yard.clock.pass_s(30)
    await yard.studio.sweeper.sweep()
    assert await list_news(yard, job) == []
    yard.clock.pass_s(31)
    await yard.studio.sweeper.sweep()
    assert len(await list_news(yard, job)) == 1


async def test_the_mark_goes_when_a_worker_comes_up_or_takes_the_job(yard: Yard) -> None:
    job = await put_job(yard, "first", None)
    yard.clock.pass_s(61)
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.jobs.get(job.id)).obstacle is not None
    await yard.studio.fleet.announce(make_worker(yard))
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.jobs.get(job.id)).obstacle is None
    yard.clock.pass_s(3600)
    await yard.studio.sweeper.sweep()
    assert (await yard.stores.jobs.get(job.id)).obstacle is not None
    claimed = await yard.studio.leases.claim("late", FAMILIES)
    assert claimed is not None and claimed.status is Status.PREPARING
    assert claimed.obstacle is None


async def test_every_job_of_a_long_queue_is_looked_at(yard: Yard) -> None:
    person = await yard.meet(points=100_000)
    dataset = await yard.fill(person)
    jobs = [await yard.submit(person, dataset, f"job {n}") for n in range(120)]
    yard.clock.pass_s(61)
    for _ in range(2):
        await yard.studio.sweeper.sweep()
    assert len(await list_news(yard, jobs[-1])) == 50, "a page of the newest"
    marked = [await yard.stores.jobs.get(job.id) for job in jobs]
    assert all(job.obstacle is not None for job in marked)
