"""Merging: one account taken over by another, as a saga of idempotent steps; apart because all nouns move in it.

The redirect comes first: from then on whoever comes to the source is led to the target. What was
under way at that moment may still land at the source, so the merge stays open for a while, and the
sweeper takes its steps again until nothing can come in late any more.
"""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pydantic import JsonValue

from core.accounts.records import Account, ApiToken, Identity, Merge, Role
from core.accounts.service import Accounts
from core.accounts.sessions import Sessions
from core.conversations.records import Shortcut
from core.datasets.records import Dataset, Member
from core.errors import AlreadyExistsError, RefusedError, StaleError, TrainyardError
from core.jobs.queue import ENDED_STATES, LIVE_STATES
from core.jobs.records import Job
from core.models.favourites import Favourites
from core.models.records import TrainedModel
from core.models.trigger_map import TriggerMap
from core.notifications.records import NewsKind, Notification
from core.notifications.service import Notifications
from core.paging import iterate
from core.points.moves import Moves
from core.points.service import Points
from core.ports import Clock, Documents
from core.records import Condition, Record, new_id

R = TypeVar("R", bound=Record)
GRACE = timedelta(minutes=10)
"""As long as a request that began before the redirect may take."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MovingStores:
    """Every kind of record that belongs to an account."""

    accounts: Documents[Account]
    identities: Documents[Identity]
    tokens: Documents[ApiToken]
    merges: Documents[Merge]
    datasets: Documents[Dataset]
    jobs: Documents[Job]
    models: Documents[TrainedModel]
    notifications: Documents[Notification]
    members: Documents[Member]
    shortcuts: Documents[Shortcut]


class Merging:
    """Makes one account of two."""

    def __init__(
        self,
        stores: MovingStores,
        accounts: Accounts,
        sessions: Sessions,
        points: Points,
        notifications: Notifications,
        favourites: Favourites,
        trigger_map: TriggerMap,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._favourites = favourites
        self._trigger_map = trigger_map
        self._accounts = accounts
        self._sessions = sessions
        self._moves = Moves(points)
        self._notifications = notifications
        self._clock = clock

    async def check(self, one: Account, two: Account) -> None:
        """Raise RefusedError while a training of the account that would go is under way."""
        source, _ = choose(one, two)
        if await self._stores.jobs.count({"owner": source.id, "status": LIVE_STATES}):
            raise RefusedError(
                "A training or generation is under way; link when it has ended, or cancel it."
            )

    async def merge(self, one: Account, two: Account) -> Account:
        """Merge two accounts and return the one that is left; again, or after a crash, goes on."""
        source, target = choose(one, two)
        now = self._clock.now()
        merge = Merge(
            id=new_id("mg"), created_at=now, updated_at=now, source=source.id, target=target.id
        )
        try:
            merge = await self._stores.merges.insert(merge)
        except AlreadyExistsError:
            merge = (await self._stores.merges.find({"source": source.id}, limit=1))[0]
        await self._advance(merge)
        _log.info("%s was merged into %s", source.id, target.id)
        return await self._accounts.follow(target.id)

    async def sweep(self) -> int:
        """Go on with open merges, and close those that nothing can come in late for."""
        closed = 0
        async for merge in iterate(self._stores.merges, {"open": True}):
            try:
                merge = await self._advance(merge)
            except TrainyardError:
                _log.exception("sweep: %s cannot be finished", merge.id)
                continue
            now = self._clock.now()
            if now - merge.created_at < GRACE or await self._has_more_to_come(merge):
                continue
            with contextlib.suppress(StaleError):
                await self._stores.merges.replace(merge.changed(now, open=None))
                closed += 1
        return closed

    async def _has_more_to_come(self, merge: Merge) -> bool:
        """Tell whether the source still has a job, or will be given something by another merge."""
        feeding: dict[str, Condition] = {"target": merge.source, "open": True}
        return bool(
            await self._stores.jobs.count({"owner": merge.source})
            or await self._stores.merges.count(feeding)
        )

    async def _advance(self, merge: Merge) -> Merge:
        """Take every step; each does nothing where it was taken before."""
        source, target = merge.source, await self._redirect(merge)
        where: dict[str, Condition] = {"owner": source}
        mine: dict[str, Condition] = {"account": source}
        await self._sessions.end_all_of(source)  # whoever had one has not proved to be both
        await self._move(self._stores.identities, mine, {"account": target})
        await self._move(self._stores.tokens, mine, {"account": target})
        await self._move(self._stores.datasets, where, {"owner": target})
        await self._move_jobs(source, target)
        await self._move(self._stores.models, where, {"owner": target, "needs_noting": True})
        await self._favourites.move(source, target)
        await self._trigger_map.sweep()
        await self._move(self._stores.notifications, mine, {"account": target})
        await self._move(self._stores.shortcuts, mine, {"account": target})
        await self._move(self._stores.members, mine, {"account": target})
        merge = await self._move_points(merge)
        known = await self._stores.identities.find({"account": target}, order="created_at")
        data: dict[str, JsonValue] = {"platforms": [identity.platform for identity in known]}
        kind = NewsKind.ACCOUNTS_LINKED
        await self._notifications.tell(target, f"linked:{merge.id}", kind, data)
        return merge

    async def _redirect(self, merge: Merge) -> str:
        """Lead everybody from the source to the target, and count its storage there, once."""
        while True:
            source = await self._stores.accounts.get(merge.source)
            if source.merged_into is not None:
                break
            now = self._clock.now()
            with contextlib.suppress(StaleError):
                await self._stores.accounts.replace(source.changed(now, merged_into=merge.target))
        while True:
            target = await self._accounts.follow(merge.target)
            if source.id in target.absorbed:
                return target.id
            counted = target.changed(
                self._clock.now(),
                storage_bytes=target.storage_bytes + source.storage_bytes,
                absorbed=(*target.absorbed, source.id, *source.absorbed),
            )
            with contextlib.suppress(StaleError):
                await self._stores.accounts.replace(counted)

    async def _move(
        self,
        documents: Documents[R],
        where: Mapping[str, Condition],
        change: Mapping[str, object],
    ) -> None:
        """Give every matching record to the target; one that it has already stays what it is."""
        async for record in iterate(documents, where):
            while True:
                try:
                    await documents.replace(record.changed(self._clock.now(), **change))
                    break
                except AlreadyExistsError:  # both have joined this, or were told the same
                    with contextlib.suppress(StaleError):
                        await documents.delete(record)
                    break
                except StaleError:
                    found = await documents.find({**where, "id": record.id}, limit=1)
                    if not found:
                        break
                    record = found[0]

    async def _move_jobs(self, source: str, target: str) -> None:
        """Give jobs that are over to the target; their entries stay in the chain that paid."""
        async for job in iterate(self._stores.jobs, {"owner": source, "status": ENDED_STATES}):
            if job.needs_settling:
                continue  # the sweep that comes after its settlement takes it
            moved = job.changed(self._clock.now(), owner=target, payer=job.payer or source)
            with contextlib.suppress(StaleError):
                try:
                    await self._stores.jobs.replace(moved)
                except AlreadyExistsError:  # both have used this idempotency key
                    key = f"{job.id}:{job.idempotency_key}"[:200]
                    again = moved.model_copy(update={"idempotency_key": key})
                    await self._stores.jobs.replace(again)

    async def _move_points(self, merge: Merge) -> Merge:
        """Move what the source has, round after round, until it has nothing; each round has its key.

        Always into the chain that the merge names, even if that account was taken over meanwhile:
        were the goal looked up anew, two sweepers could post one transfer into two chains.
        """
        while True:
            ref = f"{merge.id}:{merge.round}"
            source, target = merge.source, merge.target
            moved = await self._moves.move_balance(source, target, ref, "Linked accounts")
            if not moved:
                return merge
            again = merge.changed(self._clock.now(), round=merge.round + 1)
            try:
                merge = await self._stores.merges.replace(again)
            except StaleError:
                merge = await self._stores.merges.get(merge.id)


def choose(one: Account, two: Account) -> tuple[Account, Account]:
    """Say which account goes and which stays: an admin's stays, else the older one."""

    def rank(account: Account) -> tuple[bool, float, str]:
        return (account.role is not Role.ADMIN, account.created_at.timestamp(), account.id)

    target, source = sorted((one, two), key=rank)
    return source, target
