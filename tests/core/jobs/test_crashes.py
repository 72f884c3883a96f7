"""Every saga, killed at every write; what is left must be sound, and go on to the same end."""

import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from core.accounts.records import Principal
from core.errors import ConflictError
from core.jobs.records import TERMINAL, Failure, Job, Status
from core.points.records import EntryKind
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.yard import PRICE, Yard, open_yard

Act = Callable[[Yard, Principal, str], Awaitable[object]]


async def prepare_nothing(yard: Yard, mira: Principal, dataset: str) -> None:
    return


async def prepare_queued(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.submit(mira, dataset)


async def prepare_running(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.step(await yard.train(mira, dataset), 50)


async def find_job(yard: Yard) -> Job:
    return (await yard.stores.jobs.find({}))[0]


async def submit(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.submit(mira, dataset)


async def cancel(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.studio.jobs.cancel(mira, (await find_job(yard)).id)


async def claim_and_complete(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.finish(await yard.start())


async def complete(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.finish(await find_job(yard))


async def fail(yard: Yard, mira: Principal, dataset: str) -> None:
    await yard.studio.leases.fail(await find_job(yard), Failure(code="x", message="It broke."))


async def cancel_by_worker(yard: Yard, mira: Principal, dataset: str) -> None:
    await cancel(yard, mira, dataset)
    await yard.studio.leases.cancel(await find_job(yard))


SAGAS: dict[str, tuple[Act, Act]] = {
    "submit": (prepare_nothing, submit),
    "cancel": (prepare_queued, cancel),
    "claim and complete": (prepare_queued, claim_and_complete),
    "complete": (prepare_running, complete),
    "fail": (prepare_running, fail),
    "cancel while running": (prepare_running, cancel_by_worker),
}


async def crash(folder: Path, clock: HandClock, saga: str, blow: Callable[[Fuse], None]) -> bool:
    """Run a saga until the fuse blows; False when it did not."""
    prepare, act = SAGAS[saga]
    fuse = Fuse()
    async with open_yard(folder, clock, with_fuse(fuse)) as yard:
        mira = await yard.meet()
        dataset = await yard.fill(mira)
        await prepare(yard, mira, dataset)
        blow(fuse)
        with suppress(CrashError):
            await act(yard, mira, dataset)
    return fuse.is_blown


@pytest.mark.parametrize("stores_first", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("saga", SAGAS)
async def test_a_crash_at_any_write_leaves_a_sound_studio(
    folder: Path, saga: str, stores_first: bool
) -> None:
    for write in itertools.count(1):
        place, clock = folder / str(write), HandClock()
        at = partial(Fuse.arm, write=write, stores_first=stores_first)
        blown = await crash(place, clock, saga, at)
        async with open_yard(place, clock) as yard:
            assert (await yard.studio.reconciler.reconcile()).findings == ()
            await yard.sweep_later()
            await yard.check()
            await finish_saga(yard, saga)
        if not blown:
            break
    assert write > 3, "the saga wrote too little for this to prove anything"


async def finish_saga(yard: Yard, saga: str) -> None:
    """Do as people and workers do after a crash: try again; and look at what came of it."""
    mira = await yard.meet()
    dataset = (await yard.stores.datasets.find({}))[0].id
    job = await yard.submit(mira, dataset)
    assert await yard.submit(mira, dataset) == job
    if "cancel" in saga and job.status not in TERMINAL:
        with suppress(ConflictError):
            job = await yard.studio.jobs.cancel(mira, job.id)
    if job.status not in TERMINAL:
        job = await yard.finish(await yard.start())
    verdict = await yard.check()
    assert await yard.stores.jobs.count({}) == 1
    assert await yard.stores.entries.count({"kind": EntryKind.HOLD}) == 1
    assert await yard.stores.entries.count({"kind": EntryKind.SETTLE}) == 1
    assert verdict.charged_points == (
        PRICE if job.status is Status.COMPLETED else job.charged_points
    )
    assert verdict.balances_points + verdict.charged_points == 1000


async def test_a_deletion_that_was_cut_short_is_finished(folder: Path) -> None:
    for write in range(1, 5):
        place, clock, fuse = folder / str(write), HandClock(), Fuse()
        async with open_yard(place, clock, with_fuse(fuse)) as yard:
            mira = await yard.meet()
            dataset = await yard.fill(mira)
            fuse.arm(write, stores_first=True)
            with suppress(CrashError):
                await yard.studio.datasets.delete(mira, dataset)
        async with open_yard(place, clock) as yard:
            await yard.sweep_later()
            assert await yard.studio.datasets.count_active(dataset) == 0
            await yard.sweep_later()
            assert await yard.stores.items.count({}) == 0
            assert await yard.stores.datasets.count({"needs_emptying": True}) == 0
