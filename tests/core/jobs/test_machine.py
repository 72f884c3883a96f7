"""Random lives of a ledger and its jobs, with crashes anywhere; what must hold is checked after each step."""

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.accounts.records import Principal
from core.errors import ConflictError, TrainyardError
from core.jobs.leases import LEASE_S
from core.jobs.records import TERMINAL, Failure, Job, Status
from core.points.records import EntryKind
from tests.clock import HandClock
from tests.core.crashing import CrashError, Fuse, with_fuse
from tests.core.yard import FAMILIES, MEMORY, Yard, open_yard

T = TypeVar("T")
NAMES = ("ada", "ben")
KEYS = st.sampled_from(["k1", "k2", "k3", "k4"])
PEOPLE = st.sampled_from(NAMES)


class Studio(RuleBasedStateMachine):
    """Two people, two workers that may be zombies, a sweeper, and a process that dies."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="ty-machine-", dir=MEMORY))
        self.clock = HandClock()
        self.fuse = Fuse()
        self.stack = AsyncExitStack()
        self.yard: Yard
        self.people: dict[str, Principal] = {}
        self.datasets: dict[str, str] = {}
        self.held: list[Job] = []
        self.ended: dict[str, Status] = {}
        self.granted = 0
        self.grants = 0

    def run(self, work: Awaitable[T]) -> T | None:
        """Do it as people, workers and sweepers do: an error of ours is an answer."""

        async def attempt() -> T | None:
            with suppress(TrainyardError, CrashError):
                return await work
            return None

        done = self.runner.run(attempt())
        if self.fuse.is_blown:
            self.runner.run(self.reopen())
        return done

    async def reopen(self) -> None:
        await self.stack.aclose()
        self.fuse = Fuse()
        opened = open_yard(self.folder, self.clock, with_fuse(self.fuse))
        self.yard = await self.stack.enter_async_context(opened)

    @initialize()
    def open(self) -> None:
        self.runner.run(self.reopen())
        for name in NAMES:
            person = self.runner.run(self.yard.meet(name, points=40))
            self.people[name] = person
            self.datasets[name] = self.runner.run(self.yard.fill(person))

    @rule(name=PEOPLE, points=st.integers(1, 30))
    def grant(self, name: str, points: int) -> None:
        self.grants += 1
        account, key = self.people[name].account, f"g{self.grants}"
        self.run(self.yard.studio.points.grant(account, points, key, "a gift"))

    @rule(name=PEOPLE, key=KEYS, times=st.integers(1, 3))
    def submit(self, name: str, key: str, times: int) -> None:
        async def all_at_once() -> list[Any]:  # jobs and errors
            person, dataset = self.people[name], self.datasets[name]
            submits = (self.yard.submit(person, dataset, key) for _ in range(times))
            return await asyncio.gather(*submits, return_exceptions=True)

        jobs = {job.id for job in self.run(all_at_once()) or [] if isinstance(job, Job)}
        assert len(jobs) <= 1

    @rule(name=PEOPLE, key=KEYS)
    def submit_and_claim(self, name: str, key: str) -> None:
        self.submit(name, key, 1)
        self.claim()

    @rule()
    def claim(self) -> None:
        job = self.run(self.yard.studio.leases.claim("worker", FAMILIES))
        if job is not None:
            self.held.append(self.run(self.yard.studio.leases.start_running(job)) or job)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), step=st.integers(1, 100))
    def progress(self, data: st.DataObject, step: int) -> None:
        job = data.draw(st.sampled_from(self.held))
        self.run(self.yard.step(job, step))

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def complete(self, data: st.DataObject) -> None:
        async def finish(job: Job) -> Job:
            try:
                return await self.yard.finish(job)
            except ConflictError:
                return await self.yard.studio.leases.cancel(job)

        self.run(finish(self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), way=st.sampled_from(["fail", "release", "give_back"]))
    def leave(self, data: st.DataObject, way: str) -> None:
        job, leases = data.draw(st.sampled_from(self.held)), self.yard.studio.leases
        failure = Failure(code="x", message="It broke.")
        work = leases.fail(job, failure) if way == "fail" else getattr(leases, way)(job, "left")
        self.run(work)

    @rule(name=PEOPLE, key=KEYS)
    def cancel(self, name: str, key: str) -> None:
        async def cancel() -> None:
            where = {"owner": self.people[name].account, "idempotency_key": key}
            for job in await self.yard.stores.jobs.find(where):
                await self.yard.studio.jobs.cancel(self.people[name], job.id)

        self.run(cancel())

    @rule(name=PEOPLE, key=KEYS)
    def submit_while_swept(self, name: str, key: str) -> None:
        async def race() -> None:
            work = (
                self.yard.submit(self.people[name], self.datasets[name], key),
                self.yard.studio.sweeper.sweep(),
                self.yard.studio.leases.claim("other", FAMILIES),
            )
            await asyncio.gather(*work, return_exceptions=True)

        self.run(race())

    @rule(seconds=st.sampled_from([1, LEASE_S + 1]))
    def wait(self, seconds: int) -> None:
        self.clock.pass_s(seconds)

    @rule()
    def sweep(self) -> None:
        self.run(self.yard.studio.sweeper.sweep())

    @rule(write=st.integers(1, 6), stores_first=st.booleans())
    def plan_a_crash(self, write: int, stores_first: bool) -> None:
        self.fuse.arm(write, stores_first=stores_first)

    @invariant()
    def is_sound(self) -> None:
        if not self.people:
            return
        self.runner.run(self.check_sums())
        verdict = self.runner.run(self.yard.studio.reconciler.reconcile())
        assert verdict.findings == ()

    async def check_sums(self) -> None:
        """Compute everything anew from the entries, trusting nothing of the core."""
        granted = charged = held = 0
        balances = dict.fromkeys((person.account for person in self.people.values()), 0)
        for entry in sorted(await self.yard.stores.entries.find({}), key=lambda e: e.seq):
            assert sum(leg.amount_points for leg in entry.legs) == 0
            for leg in entry.legs:
                granted -= leg.amount_points if leg.account == "world" else 0
                charged += leg.amount_points if leg.account == "revenue" else 0
                held += leg.amount_points if leg.account.startswith("hold:") else 0
                if leg.account in balances:
                    balances[leg.account] += leg.amount_points
                    assert balances[leg.account] >= 0
        assert sum(balances.values()) == granted - charged - held
        for account, balance in balances.items():
            head = await self.yard.stores.entries.find({"account": account}, order="-seq", limit=1)
            assert balance == (head[0].balance_after_points if head else 0)
        await self.check_ends()

    async def check_ends(self) -> None:
        """A job that ended stays as it ended."""
        jobs = {job.id: job for job in await self.yard.stores.jobs.find({})}
        for job_id, status in self.ended.items():
            assert jobs[job_id].status is status
        self.ended |= {job.id: job.status for job in jobs.values() if job.status in TERMINAL}
        holds = await self.yard.stores.entries.find({"kind": EntryKind.HOLD})
        assert {entry.ref for entry in holds} <= jobs.keys()

    def teardown(self) -> None:
        async def settle_and_close() -> None:
            self.fuse.disarm()
            if self.people:
                await self.yard.sweep_later()
                await self.yard.check()
            await self.stack.aclose()

        try:
            self.runner.run(settle_and_close())
        finally:
            self.runner.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestStudio = Studio.TestCase
TestStudio.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
