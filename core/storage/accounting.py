"""Whether each account's reserved storage is what its things account for, and whether rows have their blobs.

A server that is killed between reserving and inserting leaves storage reserved for nothing: it is given back here.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.accounts.records import Account
from core.datasets.records import Item, ItemState, Upload
from core.errors import NotFoundError, StaleError
from core.jobs.records import Job, Kind
from core.models.records import TrainedModel
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.storage.pins import list_job_keys, list_model_keys
from core.storage.records import Drift

QUIET = timedelta(minutes=10)
"""An account at which nothing happened for so long has no upload and no removal under way."""
_MAX_MISSING = 100


@dataclass(frozen=True)
class AccountedStores:
    """What takes storage, and whose it is."""

    accounts: Documents[Account]
    items: Documents[Item]
    uploads: Documents[Upload]
    jobs: Documents[Job]
    models: Documents[TrainedModel]


class Accounting:
    """Counts what is there."""

    def __init__(self, stores: AccountedStores, blobs: Blobs, clock: Clock) -> None:
        self._stores = stores
        self._blobs = blobs
        self._clock = clock

    async def find_drifts(self) -> list[tuple[Account, Drift]]:
        """List accounts whose reserved storage is not accounted for; those in use right now are left out.

        Each account is read before what it has, so a repair by its version is refused when anything
        was reserved or given back meanwhile.
        """
        quiet_since = self._clock.now() - QUIET
        accounts = {account.id: account async for account in iterate(self._stores.accounts, {})}
        used, busy = Counter[str](), set[str]()
        async for owner, size_bytes, changed_at in self._list_uses():
            used[owner] += size_bytes
            if changed_at > quiet_since:
                busy.add(owner)
        busy.update(one.id for one in accounts.values() if one.updated_at > quiet_since)
        found = []
        for account in accounts.values():
            own = {account.id, *account.absorbed}
            if account.merged_into is not None or own & busy:
                continue
            accounted = sum(used[one] for one in own)
            if accounted != account.storage_bytes:
                drift = Drift(
                    account=account.id,
                    reserved_bytes=account.storage_bytes,
                    accounted_bytes=accounted,
                )
                found.append((account, drift))
        return found

    async def repair(self, account: Account, drift: Drift) -> bool:
        """Reserve what is accounted for, unless the account moved since it was looked at."""
        repaired = account.changed(self._clock.now(), storage_bytes=drift.accounted_bytes)
        try:
            await self._stores.accounts.replace(repaired)
        except StaleError:
            return False
        return True

    async def find_missing(self) -> list[str]:
        """Name rows whose blobs are not there, at most a hundred."""
        missing: list[str] = []
        async for item in iterate(self._stores.items, {}):
            if item.state is not ItemState.GONE:
                keys = (item.blob_key, item.thumbnail_key)
                missing += await self._list_absent(f"item {item.id} of {item.dataset}", keys)
            if len(missing) >= _MAX_MISSING:
                return missing
        async for job in iterate(self._stores.jobs, {}):
            missing += await self._list_absent(f"job {job.id}", list_job_keys(job))
        async for model in iterate(self._stores.models, {}):
            missing += await self._list_absent(f"model {model.id}", list_model_keys(model))
        return missing[:_MAX_MISSING]

    async def _list_absent(self, whose: str, keys: Iterable[str]) -> list[str]:
        absent = []
        for key in sorted(keys):
            with contextlib.suppress(NotFoundError):
                await self._blobs.info(key)
                continue
            absent.append(f"{whose}: {key}")
        return absent

    async def _list_uses(self) -> AsyncIterator[tuple[str, int, datetime]]:
        """Yield what takes storage: whose it is, how much, and when it last changed."""
        async for item in iterate(self._stores.items, {}):
            kept = 0 if item.state is ItemState.GONE else item.bytes
            yield item.contributor, kept, item.updated_at
        async for upload in iterate(self._stores.uploads, {}):
            kept = 0 if upload.is_done else upload.size_bytes
            yield upload.account, kept, upload.updated_at
        async for job in iterate(self._stores.jobs, {"kind": Kind.GENERATE}):
            yield job.owner, count_picture_bytes(job), job.updated_at


def count_picture_bytes(job: Job) -> int:
    """Count what a generation's pictures take of their owner's storage."""
    return sum(picture.file.bytes for picture in job.pictures)
