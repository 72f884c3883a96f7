"""The worker's loop, thin: wait for a nudge, claim, do it, again; and the sweeper's ticks."""

import asyncio
import contextlib
import logging
import os
import random
import socket
from collections.abc import Sequence

from core.correlation import correlated
from core.errors import TrainyardError
from core.jobs.attempts import find_wait_s
from core.jobs.records import Job, Kind
from core.metering import Measure
from core.studio import Studio
from worker.announcing import Announcer
from worker.attempt import TrainingAttempt
from worker.base_cache import BaseModelCache
from worker.captioning.attempt import CaptionAttempt
from worker.claimed import Attempt
from worker.generation.attempt import GenerationAttempt
from worker.generation.warm import WarmChild
from worker.supervisor import Nursery
from worker.workplace import Workplace

_log = logging.getLogger(__name__)
_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
"""After an outage a worker looks on for so long, twice as long each time: others may have no outage."""


class Worker:
    """Does one job at a time. The stored jobs are the truth; a nudge only says that looking is worth while."""

    def __init__(
        self, studio: Studio, families: Sequence[str], place: Workplace, sweep_every_s: float = 5
    ) -> None:
        self._studio = studio
        self._families = frozenset(families)
        self._place = place
        self._sweep_every_s = sweep_every_s
        self._name = place.name or f"{socket.gethostname()}:{os.getpid()}"
        self._announcer = Announcer(studio.fleet, self._name, self._families, place)
        self._nursery = Nursery(place.folder)
        self._base_models = BaseModelCache(place.base_model_bytes)
        self._warm = WarmChild(place.generation_idle_s)
        self._outages = 0
        self._nudged = asyncio.Event()
        self._idle = asyncio.Event()
        self._draining = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once the first child waits for a job."""

    async def handle(self, job_id: str) -> None:
        """Look for work because of a wake-up, and return once there is none left."""
        self._idle.clear()
        self._nudged.set()
        await self._idle.wait()

    def drain(self) -> None:
        """Claim nothing more; a running training saves a checkpoint and goes back to the queue."""
        self._draining.set()
        self._announcer.note_draining()
        self._nudged.set()

    async def run(self) -> None:
        """Work until told to drain."""
        try:
            await self._announcer.prepare()
            await self._nursery.prepare()
            self.ready.set()
            async with asyncio.TaskGroup() as group:
                others = [
                    group.create_task(each) for each in (self._sweep(), self._announcer.run())
                ]
                await self._work()
                for other in others:
                    other.cancel()
        finally:
            await self._announcer.leave()
            await self._warm.end()
            await self._nursery.close()

    async def _work(self) -> None:
        while not self._draining.is_set():
            if not self._nudged.is_set():
                self._idle.set()
            await self._nudged.wait()
            self._nudged.clear()
            self._idle.clear()
            try:
                while not self._draining.is_set() and await self._do_next():
                    continue
            except TrainyardError as error:
                _log.warning("looking for work failed, the next tick tries again: %s", error)
        self._idle.set()

    async def _do_next(self) -> bool:
        """Claim and do one job; False when there is none for this worker."""
        abilities = self._families, self._place.kinds, self._announcer.memory_gb
        job = await self._studio.leases.claim(self._name, *abilities)
        if job is None:
            return False
        meter = self._studio.meter
        with correlated(job.request, job.id), meter.span(f"job {job.kind.value}"):
            attempt = await self._do(job)
        await self._nursery.prepare()
        self._outages = self._outages + 1 if attempt.met_outage else 0
        await self._sit_out()
        return True

    async def _sit_out(self) -> None:
        """Claim nothing for a while after an outage."""
        if self._outages == 0:
            return
        pause_s = min(_LONGEST_PAUSE_S, _PAUSE_S * 2 ** min(self._outages - 1, 10))
        _log.warning("a store or the disk cannot be used; the next try is in %.0f s", pause_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._draining.wait()

    async def _do(self, job: Job) -> Attempt:
        _log.info("%s: claimed, attempt %d", job.id, job.attempts)
        self._studio.meter.observe(Measure.WAIT_S, find_wait_s(job), kind=job.kind)
        self._announcer.note_job(job.id)
        match job.kind:
            case Kind.TRAIN:
                attempt = await self._train(job)
            case Kind.GENERATE:
                attempt = await self._draw(job)
            case Kind.CAPTION:
                attempt = await self._caption(job)
        self._announcer.note_job(None)
        return attempt

    async def _train(self, job: Job) -> Attempt:
        """Train, with all the memory that a warm child would have kept."""
        await self._warm.end()
        child = await self._nursery.take()
        attempt = TrainingAttempt(self._studio, job, child, self._place, self._draining.is_set)
        await attempt.run()
        return attempt

    async def _draw(self, job: Job) -> Attempt:
        """Draw with the warm child if there is one, and keep it when it can go on."""
        child = await self._warm.take(self._nursery)
        attempt = GenerationAttempt(self._studio, job, child, self._place, self._draining.is_set)
        await attempt.run()
        if attempt.leaves_child:
            self._warm.keep(child)
        return attempt

    async def _caption(self, job: Job) -> Attempt:
        """Write captions with a fresh child; one job has a GPU's memory at a time."""
        await self._warm.end()
        child = await self._nursery.take()
        attempt = CaptionAttempt(self._studio, job, child, self._place, self._draining.is_set)
        await attempt.run()
        return attempt

    async def _sweep(self) -> None:
        """Do what time alone must do, and look for work in case a wake-up was lost.

        Of many workers one sweeps at a time, by chance, so that they ask no more of the store than one does.
        """
        while True:
            await asyncio.sleep(self._sweep_every_s)
            try:
                await self._warm.end_if_idle()
                await self._base_models.trim_if_due()
                if random.random() * self._announcer.fleet_size < 1:
                    await self._studio.sweeper.sweep()
            except (
                Exception
            ):  # the worker's door for errors: a failed sweep must not end a training
                _log.exception("the sweep failed")
            self._nudged.set()
