"""What is kept for so many days: pictures, samples of trainings without a model, loss histories, read news."""

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta

from core.accounts.service import Accounts
from core.errors import NotFoundError, StaleError
from core.jobs.queue import ENDED_STATES
from core.jobs.records import Job, Kind, LossChunk
from core.notifications.records import Notification
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.records import Below, Condition
from core.storage.accounting import count_picture_bytes
from core.storage.records import StorageRules


@dataclass(frozen=True)
class AgingStores:
    """What grows old."""

    jobs: Documents[Job]
    losses: Documents[LossChunk]
    notifications: Documents[Notification]


class Aging:
    """Deletes what is older than the rules keep it; each step may be done again."""

    def __init__(
        self,
        stores: AgingStores,
        accounts: Accounts,
        blobs: Blobs,
        clock: Clock,
        rules: StorageRules,
    ) -> None:
        self._stores = stores
        self._accounts = accounts
        self._blobs = blobs
        self._clock = clock
        self._rules = rules

    async def sweep(self) -> None:
        """Delete what is too old now. What a crash leaves half-done is found as strays and drifts."""
        async for job in self._list_old(Kind.GENERATE, self._rules.picture_days):
            if job.pictures:
                await self.drop_pictures(job)
        async for job in self._list_old(Kind.TRAIN, self._rules.sample_days):
            if job.samples and job.model is None and await self._change(job, samples=()):
                await self._delete(sample.file.key for sample in job.samples)
        async for job in self._list_old(Kind.TRAIN, self._rules.loss_days):
            async for chunk in iterate(self._stores.losses, {"job": job.id}, "index"):
                with contextlib.suppress(StaleError):
                    await self._stores.losses.delete(chunk)
        await self._forget_news()

    async def drop_pictures(self, job: Job) -> None:
        """Delete the pictures of a generation that has ended, and give back what they took."""
        if await self._change(job, pictures=()):
            await self._delete(picture.file.key for picture in job.pictures)
            with contextlib.suppress(NotFoundError):  # an account that is gone has no quota
                await self._accounts.reserve_storage(job.owner, -count_picture_bytes(job))

    async def _forget_news(self) -> None:
        if not self._rules.news_days:
            return
        before = self._clock.now() - timedelta(days=self._rules.news_days)
        async for news in iterate(self._stores.notifications, {"read_at": Below(before)}):
            with contextlib.suppress(StaleError):
                await self._stores.notifications.delete(news)

    async def _list_old(self, kind: Kind, days: int) -> AsyncIterator[Job]:
        """Yield settled jobs that have ended and are older than so many days; none for 0."""
        if not days:
            return
        before = self._clock.now() - timedelta(days=days)
        where: dict[str, Condition] = {
            "kind": kind,
            "status": ENDED_STATES,
            "created_at": Below(before),
        }
        async for job in iterate(self._stores.jobs, where):
            if not job.needs_settling and job.updated_at < before:
                yield job

    async def _change(self, job: Job, **fields: object) -> bool:
        try:
            await self._stores.jobs.replace(job.changed(self._clock.now(), **fields))
        except StaleError:  # it moved; the next sweep looks again
            return False
        return True

    async def _delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            await self._blobs.delete(key)
