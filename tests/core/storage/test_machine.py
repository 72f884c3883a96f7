"""Random lives of blobs and what names them, with processes that die between the two; no pinned blob is ever taken."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.accounts.records import Principal
from core.datasets.records import Item, ItemState
from core.errors import RefusedError
from core.jobs.records import TERMINAL, Failure, Job, Picture, StoredFile
from core.paging import iterate
from core.storage.pins import list_job_keys
from tests.clock import HandClock
from tests.core.yard import FAMILIES, MEMORY, Yard, make_item, once, open_yard

INDEX = st.integers(0, 50)


class Blobs(RuleBasedStateMachine):
    """One person who uploads, removes and trains; a sweeper, a collector, and uploads that come late."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="ty-blobs-", dir=MEMORY))
        self.clock = HandClock()
        self.stack = AsyncExitStack()
        self.yard: Yard
        self.mira: Principal
        self.dataset = ""
        self.count = 0
        self.coming: list[Item] = []
        self.held: list[Job] = []

    @initialize()
    def begin(self) -> None:
        self.runner.run(self._begin())

    async def _begin(self) -> None:
        self.yard = await self.stack.enter_async_context(open_yard(self.folder, self.clock))
        self.mira = await self.yard.meet(points=100_000)
        self.dataset = (await self.yard.studio.datasets.create(self.mira, "flags")).id

    @rule()
    def an_image_comes_in(self) -> None:
        self.count += 1
        self.runner.run(self.yard.put_item(self.mira, self.dataset, self.count))

    @rule(is_reserved=st.booleans(), has_bytes=st.booleans())
    def an_upload_is_under_way(self, is_reserved: bool, has_bytes: bool) -> None:
        """Its record may follow, or its process dies here."""
        self.count += 1
        item = make_item(self.clock, self.mira, self.dataset, self.count)
        self.runner.run(self._begin_upload(item, is_reserved or has_bytes, has_bytes))
        if has_bytes:
            self.coming.append(item)

    async def _begin_upload(self, item: Item, is_reserved: bool, has_bytes: bool) -> None:
        if is_reserved:
            await self.yard.studio.accounts.reserve_storage(self.mira.account, item.bytes)
        for key in (item.blob_key, item.thumbnail_key) if has_bytes else ():
            await self.yard.blobs.put(key, once(b"x" * 5), content_type="image/png")

    @precondition(lambda self: self.coming)
    @rule(index=INDEX)
    def its_record_follows(self, index: int) -> None:
        """Within the grace: nothing takes a day between a blob and its record."""
        item = self.coming.pop(index % len(self.coming))
        if (self.clock.now() - item.created_at).total_seconds() < 12 * 3600:
            self.runner.run(self.yard.stores.items.insert(item))

    @rule(index=INDEX)
    def an_image_is_removed(self, index: int) -> None:
        async def remove() -> None:
            items = await self.yard.studio.datasets.list_active(self.dataset)
            if items:
                await self.yard.studio.datasets.withdraw(items[index % len(items)])

        self.runner.run(remove())

    @rule()
    def a_training_is_bought(self) -> None:
        async def buy() -> None:
            self.count += 1
            with suppress(RefusedError):  # too few pictures
                await self.yard.submit(self.mira, self.dataset, f"k{self.count}")

        self.runner.run(buy())

    @rule()
    def a_worker_takes_a_job(self) -> None:
        job = self.runner.run(self.yard.studio.leases.claim("worker", FAMILIES))
        if job is not None:
            self.held.append(self.runner.run(self.yard.studio.leases.start_running(job)))

    @precondition(lambda self: self.held)
    @rule(index=INDEX, is_named=st.booleans())
    def a_worker_uploads_a_file(self, index: int, is_named: bool) -> None:
        job = self.held[index % len(self.held)]
        self.runner.run(self._upload(job, is_named))

    async def _upload(self, job: Job, is_named: bool) -> None:
        """A checkpoint's file, say; some are named by the record, others a crash leaves behind."""
        self.count += 1
        key = f"jobs/{job.id}/a{job.token}/{self.count}.png"
        info = await self.yard.blobs.put(key, once(b"x" * 7), content_type="image/png")
        if is_named:
            file = StoredFile(name=f"{self.count}.png", **info.model_dump())
            fresh = await self.yard.stores.jobs.get(job.id)
            kept = (*fresh.pictures, Picture(index=self.count, seed=1, file=file))
            if fresh.status not in TERMINAL:
                await self.yard.stores.jobs.replace(fresh.changed(self.clock.now(), pictures=kept))

    @precondition(lambda self: self.held)
    @rule(index=INDEX, is_well=st.booleans())
    def a_job_ends(self, index: int, is_well: bool) -> None:
        job = self.held.pop(index % len(self.held))
        self.runner.run(self._end(job, is_well))

    async def _end(self, job: Job, is_well: bool) -> None:
        fresh = await self.yard.stores.jobs.get(job.id)
        if fresh.lease is None or fresh.lease.token != job.token or fresh.status in TERMINAL:
            return
        if is_well:
            await self.yard.finish(job)
        else:
            await self.yard.studio.leases.fail(job, Failure(code="x", message="It broke."))

    @rule(hours=st.sampled_from([0.01, 0.3, 5, 30]))
    def time_passes(self, hours: float) -> None:
        self.clock.pass_s(hours * 3600)

    @rule()
    def a_server_sweeps(self) -> None:
        self.runner.run(self.yard.studio.sweeper.sweep())

    @rule()
    def storage_is_swept(self) -> None:
        self.runner.run(self.yard.studio.operations.storage.sweep())

    @invariant()
    def every_pinned_blob_is_there(self) -> None:
        if self.dataset:
            self.runner.run(self._check_pinned())

    async def _check_pinned(self) -> None:
        stores, pinned = self.yard.stores, set[str]()
        async for item in iterate(stores.items, {}):
            if item.state is ItemState.ACTIVE:
                pinned |= {item.blob_key, item.thumbnail_key}
        async for job in iterate(stores.jobs, {}):
            pinned |= list_job_keys(job)
            if job.status not in TERMINAL:
                snapshot = await stores.snapshots.get(job.snapshot)
                pinned |= {frozen.blob_key for frozen in snapshot.items}
        there = {key async for key in self.yard.blobs.list("")}
        assert pinned <= there, sorted(pinned - there)

    def teardown(self) -> None:
        try:
            if self.dataset:
                self.runner.run(self._come_to_rest())
        finally:
            self.runner.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    async def _come_to_rest(self) -> None:
        """Once all is quiet, nothing is left that nobody names, and quotas are what is there."""
        storage = self.yard.studio.operations.storage
        for _ in range(4):
            self.clock.pass_s(26 * 3600)
            await self.yard.studio.sweeper.sweep()
            await storage.sweep()
        self.clock.pass_s(3600)
        report = await storage.report()
        assert report.strays == 0 and report.missing == () and report.drifts == (), report
        await self._check_pinned()


TestBlobs = Blobs.TestCase
TestBlobs.settings = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
