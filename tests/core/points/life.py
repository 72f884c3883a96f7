"""What members do with points, as a state machine: crashes at any write, and a check after each step.

Longer than in the tests: python -m tests.core.points.life 100000
"""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from core.accounts.records import Principal, SpendingCaps
from core.errors import ConflictError, NotFoundError, RefusedError, UnavailableError
from core.generations.wishes import GenerationWishes
from core.jobs.records import LEASED, TERMINAL, Failure, Job, Kind, Status
from core.offerings.records import ParamValue
from core.points.records import EntryKind
from core.royalties.records import Part
from core.royalties.shares import sum_by_payee
from core.royalties.usage import NewUsage
from core.topups.records import Package
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.generations.test_generations import draw
from tests.core.models.people import train_model
from tests.core.points.books import compute_totals, list_faults, list_rest_faults
from tests.core.topups.test_topups import ADMIN, Till, pay
from tests.core.yard import FAMILIES, MEMORY, Yard, open_yard
from tests.stores import open_mongodb

Act = Callable[[Yard], Awaitable[object]]
Crash = tuple[int, bool] | None
NAMES = ("mira", "ben", "cleo", "dora")
PROMPTS = ("a flagon", "(zorblin:0.4) and a flagon", "a zorblin", "nothing")
PICTURES, PICTURE_STEPS = 4, 50
MANY = 1_000_000
who = st.sampled_from(NAMES)
few = st.integers(0, 3)
crashes = st.none() | st.tuples(st.integers(1, 9), st.booleans())
"""At which write a process dies, and whether that write was stored."""
caps = st.none() | st.integers(0, 200)
late_crashes = st.none() | st.tuples(st.integers(1, 40), st.booleans())


class Life(RuleBasedStateMachine):
    """Four people, two published models with three makers, and one process after another."""

    operations: ClassVar[int] = 0
    mongodb_url: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.yard = self.runner.run(self._open())

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()

    async def _open(self) -> Yard:
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="ty-", dir=MEMORY))
        mongodb = None
        if self.mongodb_url:
            mongodb = await self.stack.enter_async_context(open_mongodb(self.mongodb_url))
        opening = open_yard(Path(folder), HandClock(), mongodb=mongodb)
        yard = await self.stack.enter_async_context(opening)
        mira, ben, cleo, dora = [await yard.meet(name, 40) for name in NAMES]
        self.first = dict(zip(NAMES, (mira, ben, cleo, dora), strict=True))
        self.datasets = {name: await yard.fill(self.first[name]) for name in NAMES}
        for person, word, pictures in ((mira, "flagon", (mira, ben, ben)), (cleo, "zorblin", ())):
            model = await train_model(yard, person, word, pictures_of=pictures)
            await yard.studio.publishing.publish(person, model.id)
        return yard

    def do(self, act: Act, crash: Crash = None, *, again: bool = False) -> None:
        """Act in the process that lives on, or in one that dies meanwhile; then perhaps once more."""
        type(self).operations += 1
        self.runner.run(self._do(act, crash, again))

    async def _do(self, act: Act, crash: Crash, again: bool) -> None:
        if crash is None:
            await _try(act(self.yard))
            return
        fuse = Fuse()
        dying = self.yard.start_process(with_fuse(fuse))
        fuse.arm(crash[0], stores_first=crash[1])
        try:
            await _try(act(dying))
        except* CrashError:
            pass
        if again:
            await _try(act(self.yard))

    @rule(name=who, points=st.integers(1, 40), key=few, is_late=st.booleans(), crash=crashes)
    def grant(self, name: str, points: int, key: int, is_late: bool, crash: Crash) -> None:
        """Also to an account that was taken over since the request began."""

        async def act(yard: Yard) -> None:
            account = (self.first[name] if is_late else await yard.meet(name, 0)).account
            await yard.studio.points.grant(account, points, f"{account}:{key}", "A gift")

        self.do(act, crash)

    @rule(name=who, key=st.integers(0, 9), crash=crashes, again=st.booleans())
    def submit(self, name: str, key: int, crash: Crash, again: bool) -> None:
        async def act(yard: Yard) -> None:
            await yard.submit(await yard.meet(name, 0), self.datasets[name], f"{name} {key}")

        self.do(act, crash, again=again)

    @rule(name=who, prompt=st.sampled_from(PROMPTS), key=few, crash=crashes, again=st.booleans())
    def order(self, name: str, prompt: str, key: int, crash: Crash, again: bool) -> None:
        async def act(yard: Yard) -> None:
            params: dict[str, ParamValue] = {"count": PICTURES, "steps": PICTURE_STEPS}
            wanted = GenerationWishes(prompt=prompt, params=params)
            person = await yard.meet(name, 0)
            await yard.studio.generations.submit(person, wanted, f"pictures {name} {key}")

        self.do(act, crash, again=again)

    @rule(number=few, crash=crashes)
    def claim(self, number: int, crash: Crash) -> None:
        self.do(lambda yard: _claim(yard, number), crash)

    @rule(number=few, crash=crashes, again=st.booleans())
    def complete(self, number: int, crash: Crash, again: bool) -> None:
        self.do(lambda yard: _complete(yard, number), crash, again=again)

    @rule(number=few, crash=crashes, again=st.booleans())
    def fail(self, number: int, crash: Crash, again: bool) -> None:
        async def act(yard: Yard) -> None:
            failure = Failure(code="x", message="It broke.")
            await yard.studio.leases.fail(await _find_leased(yard, number), failure)

        self.do(act, crash, again=again)

    @rule(number=few, is_race=st.booleans(), crash=crashes)
    def cancel(self, number: int, is_race: bool, crash: Crash) -> None:
        """Perhaps while a worker hands the job in, or sees that it was cancelled."""

        async def act(yard: Yard) -> None:
            jobs = [j for j in await yard.stores.jobs.find({}) if j.status not in TERMINAL]
            if not jobs:
                return
            job = jobs[number % len(jobs)]
            owner = Principal(account=job.owner, role=self.first["mira"].role)
            acts = [yard.studio.jobs.cancel(owner, job.id)]
            if job.status in LEASED:
                hand_in = yard.finish if is_race else yard.studio.leases.cancel
                acts.append(hand_in(job))
            for outcome in await asyncio.gather(*map(_try, acts), return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome

        self.do(act, crash)

    @rule(name=who, key=st.integers(0, 9), crash=crashes)
    def pay(self, name: str, key: int, crash: Crash) -> None:
        """Hold, two settlers, accrue. It has no job to be swept, so whoever did it begins again at once."""
        payer = self.runner.run(self.yard.meet(name, 0)).account
        payees = [person.account for person in self.first.values() if person.account != payer]
        parts = [
            Part(model="md_x", training="jb_x", payee=payee, points=n)
            for n, payee in enumerate(payees[key % 3 :], start=1)
        ]
        ref, charge = f"gn_{payer}_{key}", sum(part.points for part in parts) + 5 * key

        async def act(yard: Yard) -> None:
            points = yard.studio.points
            await points.hold(payer, ref, charge + 2, "A picture")
            settling = (
                points.settle(payer, ref, n, "x", sum_by_payee(parts)) for n in (charge, charge + 1)
            )
            await asyncio.gather(*settling)
            await yard.studio.royalties.accrue(ref, payer, parts)

        self.do(act, crash, again=True)

    @rule(
        name=who,
        prompt=st.sampled_from(PROMPTS),
        images=st.integers(1, 5),
        key=few,
        crash=crashes,
        again=st.booleans(),
    )
    def report(
        self, name: str, prompt: str, images: int, key: int, crash: Crash, again: bool
    ) -> None:
        async def act(yard: Yard) -> None:
            usage = NewUsage(prompt=prompt, family="tiny", images=images)
            await yard.studio.usage.report(await yard.meet(name, 0), usage, f"{key}")

        self.do(act, crash, again=again)

    @rule(
        giver=who,
        receiver=who,
        points=st.integers(1, 30),
        key=few,
        crash=crashes,
        again=st.booleans(),
    )
    def give(
        self, giver: str, receiver: str, points: int, key: int, crash: Crash, again: bool
    ) -> None:
        async def act(yard: Yard) -> None:
            person = await yard.meet(giver, 0)
            name = f"{receiver} {points} {key}"
            await yard.studio.transfers.give(person, receiver, points, name)

        self.do(act, crash, again=again)

    @rule(name=who, day=caps, month=caps)
    def cap(self, name: str, day: int | None, month: int | None) -> None:
        async def act(yard: Yard) -> None:
            wanted = SpendingCaps(day_points=day, month_points=month)
            await yard.studio.spending.set_caps(await yard.meet(name, 0), wanted)

        self.do(act)

    @rule(crash=crashes, again=st.booleans(), sweepers=st.integers(1, 2))
    def pay_out(self, crash: Crash, again: bool, sweepers: int) -> None:
        async def act(yard: Yard) -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(sweepers):
                    group.create_task(yard.studio.payouts.sweep())

        self.do(act, crash, again=again)

    @rule(name=who, key=few, crash=crashes, again=st.booleans())
    def buy(self, name: str, key: int, crash: Crash, again: bool) -> None:
        async def act(yard: Yard) -> None:
            yard.studio.top_ups.packages = (Package(points=20, stars=10),)
            invoice = await yard.studio.top_ups.offer(await yard.meet(name, 0), 20)
            charge = f"{name} {key}"
            await yard.studio.top_ups.take(pay(invoice, charge, name, stars=10))

        self.do(act, crash, again=again)

    @rule(name=who, key=few, crash=crashes, again=st.booleans())
    def pay_back(self, name: str, key: int, crash: Crash, again: bool) -> None:
        self.do(
            lambda yard: yard.studio.refunds.refund(ADMIN, f"{name} {key}", Till()),
            crash,
            again=again,
        )

    @rule(one=who, two=who, crash=late_crashes, again=st.booleans())
    def merge(self, one: str, two: str, crash: Crash, again: bool) -> None:
        async def act(yard: Yard) -> None:
            accounts = yard.studio.accounts
            a, b = [await accounts.get(await yard.meet(name, 0)) for name in (one, two)]
            if a.id != b.id:
                await yard.studio.merging.check(a, b)
                await yard.studio.merging.merge(a, b)

        self.do(act, crash, again=again)

    @rule(crash=late_crashes)
    def sweep(self, crash: Crash) -> None:
        self.do(Yard.sweep_later, crash, again=True)

    @rule()
    def rest(self) -> None:
        """Sweep until nothing is under way; then jobs, royalties and transfers are exact."""
        self.do(_rest)

    @invariant()
    def every_point_is_accounted_for(self) -> None:
        self.runner.run(_check(self.yard))


async def _try(act: Awaitable[object]) -> None:
    """Do what may be refused."""
    with suppress(RefusedError, ConflictError, NotFoundError, UnavailableError):
        await act


async def _find_leased(yard: Yard, number: int) -> Job:
    """Find a job that a worker has; one that waits is taken first when there is none."""
    jobs = [job for job in await yard.stores.jobs.find({}) if job.status in LEASED]
    if jobs:
        return jobs[number % len(jobs)]
    return await _claim(yard, number)


async def _claim(yard: Yard, number: int) -> Job:
    """Take the next job and do a part of it."""
    claimed = await yard.studio.leases.claim("worker", FAMILIES)
    if claimed is None:
        raise NotFoundError("Nobody waits.")
    job = await yard.studio.leases.start_running(claimed)
    if job.kind is Kind.TRAIN:
        return await yard.step(job, 30 * number)
    for index in range(number):
        job = await draw(yard, job, index)
    return job


async def _complete(yard: Yard, number: int) -> None:
    await yard.finish(await _find_leased(yard, number))


async def _check(yard: Yard) -> None:
    entries = await yard.stores.entries.find({}, limit=MANY)
    assert list_faults(entries, await yard.stores.accruals.find({}, limit=MANY)) == []
    verdict = await yard.studio.reconciler.reconcile()
    assert verdict.findings == ()
    assert compute_totals(entries) == (
        verdict.granted_points,
        verdict.charged_points,
        verdict.open_holds_points,
        verdict.balances_points,
    )


async def _rest(yard: Yard) -> None:
    for _ in range(3):  # a merge waits for settlements, and what is paid may have to be led on
        await yard.sweep_later()
        await yard.studio.payouts.sweep()
    await yard.studio.refunds.finish_open(Till())
    await yard.check()
    entries = await yard.stores.entries.find({}, limit=MANY)
    accruals = await yard.stores.accruals.find({}, limit=MANY)
    faults = list_rest_faults(entries, accruals)
    assert faults == [], faults
    for job in await yard.stores.jobs.find({}, limit=MANY):
        if job.status in TERMINAL:
            assert job.charged_points == _price(job)
            earned = sum(a.points for a in accruals if a.generation == job.id)
            assert earned == (_price(job) // 2 if _has_claims(job) else 0)
    for payment in await yard.stores.payments.find({}, limit=MANY):
        keys = [entry.key for entry in entries if entry.ref == payment.id]
        told = [f"refund:{payment.id}"] if payment.refunded_at else []
        assert sorted(keys) == [*told, f"top_up:{payment.id}"]
    transfers = await yard.stores.transfers.find({}, limit=MANY)
    moved = [entry for entry in entries if entry.kind is EntryKind.TRANSFER_OUT]
    assert {entry.ref: -entry.amount_points for entry in moved} == {
        transfer.id: transfer.points for transfer in transfers if transfer.open is None
    }
    for report in await yard.stores.usage_reports.find({}, limit=MANY):
        paid = [entry for entry in entries if entry.key == f"use:{report.id}"]
        assert sum(entry.amount_points for entry in paid) == (
            0 if report.unpaid else -report.points
        )
        if report.unpaid:  # for want of points, and of nothing else
            payer = (await yard.studio.accounts.follow(report.account)).id
            with suppress(RefusedError):
                await yard.studio.points.check_covers(payer, report.points, EntryKind.USE)
                raise AssertionError(f"{report.id} could be paid")


def _price(job: Job) -> int:
    """Compute what a job costs by the guide: nothing when it failed, or did nothing."""
    if job.status is Status.FAILED:
        return 0
    if job.kind is Kind.GENERATE:
        return 1 - (-len(job.pictures) * PICTURE_STEPS * 20 // 1000) if job.pictures else 0
    return 5 - (-job.steps_done * 4 * 20 // 1000) if job.steps_done else 0


def _has_claims(job: Job) -> bool:
    return job.kind is Kind.GENERATE and bool(job.generation.claims)


def live(operations: int, examples: int = 10, steps: int = 50) -> None:
    """Let examples run until so many operations were done."""
    until = Life.operations + operations
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    while Life.operations < until:
        run_state_machine_as_test(Life, settings=chosen)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    wanted = int(sys.argv[1])
    live(wanted, examples=max(1, min(100, wanted // 100)), steps=100)
    print(f"{Life.operations} operations, and every point is accounted for")
