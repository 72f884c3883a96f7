"""Deleting an account: what is somebody's goes, what others need to add up stays without a name.

A saga of idempotent steps behind a mark on the account; the sweeper takes them again until they are done.
"""

import contextlib
import logging
from collections.abc import Mapping
from functools import partial
from typing import TypeVar

from core.accounts.records import Account, Principal, Role, Scope
from core.accounts.service import Accounts
from core.accounts.sessions import Sessions
from core.accounts.tokens import require_scope
from core.changing import change_anyway, delete_anyway
from core.datasets.records import ItemState
from core.datasets.service import Datasets
from core.errors import InvalidError, NotFoundError, RefusedError, StaleError, TrainyardError
from core.jobs.queue import LIVE_STATES
from core.leaving.farewells import Farewells
from core.leaving.scrubbing import GONE_NAME, leave_snapshot, scrub_job, scrub_snapshot
from core.leaving.stores import OwnStores
from core.leaving.traces import Traces
from core.models.trigger_map import TriggerMap
from core.paging import iterate
from core.ports import Blobs, Clock, Documents
from core.records import Condition, Record

R = TypeVar("R", bound=Record)
_LAST = "You are the only admin here; make somebody else one first."
_log = logging.getLogger(__name__)


class Deletion:
    """Lets people go."""

    def __init__(
        self,
        stores: OwnStores,
        accounts: Accounts,
        sessions: Sessions,
        datasets: Datasets,
        trigger_map: TriggerMap,
        farewells: Farewells,
        blobs: Blobs,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._traces = Traces(stores)
        self._farewells = farewells
        self._accounts = accounts
        self._sessions = sessions
        self._datasets = datasets
        self._map = trigger_map
        self._blobs = blobs
        self._clock = clock

    async def check(self, principal: Principal) -> Account:
        """Return the account that would go. Raises RefusedError with what to do first."""
        require_scope(principal, Scope.WRITE)
        account = await self._accounts.get(principal)
        if await self._stores.jobs.count({"owner": account.id, "status": LIVE_STATES}):
            raise RefusedError("Something of yours is under way; cancel it or wait, then delete.")
        unsettled: dict[str, Condition] = {"owner": account.id, "needs_settling": True}
        if await self._stores.jobs.count(unsettled):
            raise RefusedError("Your last job is being settled; try again in a minute.")
        if await self._stores.merges.count({"target": account.id, "open": True}):
            raise RefusedError("Your accounts are still being linked; try again in ten minutes.")
        if account.role is Role.ADMIN and await self._count_admins() == 1:
            raise RefusedError(_LAST)
        return account

    async def delete(self, principal: Principal, name: str) -> None:
        """Delete one's own account, for good; again goes on. `name` is what it is called.

        Raises InvalidError for another name, and RefusedError as `check` does."""
        account = await self.check(principal)
        if name.strip() != account.display_name:
            raise InvalidError("This is not your name; type it as it stands here.", field="name")
        while account.deleting is None:
            try:
                account = await self._mark(account)
            except StaleError:
                account = await self.check(principal)
        await self._advance(account)

    async def _mark(self, account: Account) -> Account:
        """Mark an account. An admin is one no longer before: of the last two at once, none goes."""
        accounts, now = self._stores.accounts, self._clock.now
        if account.role is Role.ADMIN:
            account = await accounts.replace(account.changed(now(), role=Role.MEMBER))
            if not await self._count_admins():
                await self._reinstate(account)
                raise RefusedError(_LAST)
        gone = account.changed(now(), deleting=True, display_name=GONE_NAME, muted=())
        return await accounts.replace(gone)

    async def _reinstate(self, account: Account) -> None:
        await change_anyway(
            self._stores.accounts,
            account,
            lambda one: one.changed(self._clock.now(), role=Role.ADMIN),
        )

    async def _count_admins(self) -> int:
        return await self._stores.accounts.count({"role": Role.ADMIN, "merged_into": None})

    async def sweep(self) -> None:
        """Go on with deletions that a crash left half-done, and with what waited for others' jobs."""
        await self._scrub_snapshots()
        async for account in iterate(self._stores.accounts, {"deleting": True}):
            try:
                await self._advance(account)
            except TrainyardError:
                _log.exception("sweep: the deletion of %s cannot be finished", account.id)

    async def _advance(self, account: Account) -> None:
        """Take every step; who could come in is let go first, so nothing new arrives behind a step.

        What was submitted behind the check is waited for: the sweeper comes again.
        """
        every = (account.id, *account.absorbed)
        """What came in by an account that was taken over stands under its own id still."""
        for one in every:
            await self._close_doors(one)
        if any([await self._is_busy(one) for one in every]):
            return
        for one in every:
            await self._drop_all(one)
        for one in account.absorbed:
            absorbed = await self._stores.accounts.get(one)
            with contextlib.suppress(StaleError):  # nothing else changes it any more
                nameless = absorbed.changed(self._clock.now(), display_name=GONE_NAME)
                await self._stores.accounts.replace(nameless)
        done = await self._stores.accounts.get(account.id)
        with contextlib.suppress(StaleError):  # the sweeper comes again
            await self._stores.accounts.replace(done.changed(self._clock.now(), deleting=False))
            _log.info("%s was deleted", account.id)

    async def _is_busy(self, account: str) -> bool:
        owned: dict[str, Condition] = {"owner": account}
        jobs = self._stores.jobs
        live = await jobs.count({**owned, "status": LIVE_STATES})
        return bool(live or await jobs.count({**owned, "needs_settling": True}))

    async def _close_doors(self, account: str) -> None:
        """Let go of all by which somebody could come in; while an account is marked, none works."""
        stores, mine = self._stores, {"account": account}
        await self._forget_identities(account)
        await self._delete_all(stores.tokens, mine)
        await self._delete_all(stores.link_codes, mine)
        await self._delete_all(stores.link_tries, mine)
        await self._delete_all(stores.shortcuts, mine)
        await self._sessions.end_all_of(account)

    async def _drop_all(self, account: str) -> None:
        stores, mine = self._stores, {"account": account}
        await self._drop_datasets(account)
        await self._drop_models(account)
        await self._drop_jobs(account)
        await self._drop_files(account)
        await self._traces.scrub(account)
        await self._delete_all(stores.members, mine)
        await self._delete_all(stores.notifications, mine)
        await self._delete_all(stores.favourites, mine)

    async def _forget_identities(self, account: str) -> None:
        """From here the same person on the same platform is somebody new."""
        async for identity in iterate(self._stores.identities, {"account": account}):
            spot: dict[str, Condition] = {
                "platform": identity.platform,
                "external_id": identity.external_id,
            }
            await self._delete_all(self._stores.drafts, spot)
            await self._farewells.note(identity.platform, identity.external_id)
            await delete_anyway(self._stores.identities, identity)

    async def _drop_datasets(self, account: str) -> None:
        """Delete their datasets, and take their pictures out of other people's."""
        owner = Principal(account=account, role=Role.MEMBER)
        where: dict[str, Condition] = {"owner": account, "deleted": False}
        async for dataset in iterate(self._stores.datasets, where):
            with contextlib.suppress(NotFoundError):
                await self._datasets.delete(owner, dataset.id)
        given: dict[str, Condition] = {"contributor": account, "state": ItemState.ACTIVE}
        async for item in iterate(self._stores.items, given):
            await self._datasets.withdraw(item)
        async for snapshot in iterate(self._stores.snapshots, {}):
            if any(item.contributor == account and item.caption for item in snapshot.items):
                leave = partial(leave_snapshot, account=account)
                await change_anyway(self._stores.snapshots, snapshot, leave)
        await self._scrub_snapshots()

    async def _scrub_snapshots(self) -> None:
        """Take the captions of who left out of snapshots; one that a job uses is left for a sweep."""
        async for snapshot in iterate(self._stores.snapshots, {"needs_scrubbing": True}):
            live: dict[str, Condition] = {"snapshot": snapshot.id, "status": LIVE_STATES}
            if not await self._stores.jobs.count(live):
                await change_anyway(self._stores.snapshots, snapshot, scrub_snapshot)

    async def _drop_models(self, account: str) -> None:
        async for model in iterate(self._stores.models, {"owner": account}):
            await self._delete_all(self._stores.model_names, {"model": model.id})
            await self._delete_all(self._stores.favourites, {"model": model.id})
            await delete_anyway(self._stores.models, model)
            await self._map.note(model.id)

    async def _drop_jobs(self, account: str) -> None:
        async for job in iterate(self._stores.jobs, {"owner": account}):
            await self._delete_all(self._stores.losses, {"job": job.id})
            await change_anyway(self._stores.jobs, job, scrub_job)
            async for key in self._blobs.list(f"jobs/{job.id}/"):
                await self._blobs.delete(key)

    async def _drop_files(self, account: str) -> None:
        async for upload in iterate(self._stores.uploads, {"account": account}):
            for part in upload.parts:
                await self._blobs.delete(part)
            await delete_anyway(self._stores.uploads, upload)
        async for link in iterate(self._stores.download_links, {"account": account}):
            if link.is_export:
                await self._blobs.delete(link.file.key)
            await delete_anyway(self._stores.download_links, link)

    async def _delete_all(self, documents: Documents[R], where: Mapping[str, Condition]) -> None:
        async for record in iterate(documents, where):
            await delete_anyway(documents, record)
