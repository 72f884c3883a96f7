"""Datasets of several people: invited by a code, joined, left; a member sees, adds and captions."""

import base64
import contextlib
import secrets
from datetime import timedelta

from core.accounts.records import Principal, Scope
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.codes import hash_secret, read_code
from core.datasets.records import Dataset, Invitation, Member
from core.datasets.service import Datasets
from core.errors import AlreadyExistsError, NotFoundError, RefusedError, StaleError
from core.notifications.records import NewsKind
from core.notifications.service import Notifications
from core.paging import iterate, list_page
from core.ports import Clock, Documents
from core.records import Below, Page, PageRequest, new_id

INVITATION_LASTS = timedelta(days=7)
MAX_MEMBERS = 100
_CODE_BYTES = 10
_WRONG = "This code is wrong or too old. Ask the owner of the dataset for a new one."
_NO_MEMBER = "There is no such member."


class Sharing:
    """Who works on a dataset beside its owner."""

    def __init__(
        self,
        datasets: Datasets,
        members: Documents[Member],
        invitations: Documents[Invitation],
        accounts: Accounts,
        notifications: Notifications,
        clock: Clock,
    ) -> None:
        self._datasets = datasets
        self._members = members
        self._invitations = invitations
        self._accounts = accounts
        self._notifications = notifications
        self._clock = clock

    async def invite(self, principal: Principal, dataset_id: str) -> str:
        """Make the code that lets people join for a week, in place of the one before.

        Returned this once; only its hash is kept. Its 80 bits cannot be guessed, so tries are not counted.
        """
        require_scope(principal, Scope.WRITE)
        dataset = await self._datasets.get_own(principal, dataset_id)
        await self.revoke(principal, dataset.id)
        letters = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()
        now = self._clock.now()
        await self._invitations.insert(
            Invitation(
                id=new_id("iv"),
                created_at=now,
                updated_at=now,
                dataset=dataset.id,
                code_sha256=hash_secret(letters),
                expires_at=now + INVITATION_LASTS,
            )
        )
        return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))

    async def revoke(self, principal: Principal, dataset_id: str) -> None:
        """End every invitation to a dataset; who has joined stays."""
        dataset = await self._datasets.get_own(principal, dataset_id)
        for invitation in await self._invitations.find({"dataset": dataset.id}):
            with contextlib.suppress(StaleError):
                await self._invitations.delete(invitation)

    async def join(self, principal: Principal, code: str) -> Dataset:
        """Join the dataset that a code invites to; again, or as its owner, changes nothing.

        Raises RefusedError: the code is wrong or too old, or the dataset is full.
        """
        require_scope(principal, Scope.WRITE)
        found = await self._invitations.find({"code_sha256": hash_secret(read_code(code))}, limit=1)
        if not found or found[0].expires_at <= self._clock.now():
            raise RefusedError(_WRONG)
        dataset = await self._datasets.find_live(found[0].dataset)
        if dataset is None:
            raise RefusedError(_WRONG)
        if dataset.owner == principal.account:
            return dataset
        if await self._members.count({"dataset": dataset.id}) >= MAX_MEMBERS:
            raise RefusedError(f"A dataset has at most {MAX_MEMBERS} members.")
        account = await self._accounts.get(principal)
        now = self._clock.now()
        member = Member(
            id=new_id("mb"),
            created_at=now,
            updated_at=now,
            dataset=dataset.id,
            account=account.id,
            display_name=account.display_name,
        )
        with contextlib.suppress(AlreadyExistsError):
            member = await self._members.insert(member)
            await self._notifications.tell(
                dataset.owner,
                f"joined:{member.id}",
                NewsKind.DATASET_JOINED,
                {
                    "dataset": dataset.id,
                    "dataset_name": dataset.name,
                    "member": account.display_name,
                },
            )
        return dataset

    async def list_members(self, principal: Principal, dataset_id: str) -> list[Member]:
        """List who has joined a dataset that the principal works on, the earliest first."""
        dataset = await self._datasets.get_joint(principal, dataset_id)
        return await self._members.find({"dataset": dataset.id}, order="created_at")

    async def list_joined(self, principal: Principal, page: PageRequest) -> Page[Dataset]:
        """List the datasets of others that the principal has joined, the latest first."""
        found = await list_page(self._members, {"account": principal.account}, "-created_at", page)
        datasets = [await self._datasets.find_live(member.dataset) for member in found.items]
        return Page(tuple(dataset for dataset in datasets if dataset is not None), found.next)

    async def remove_member(self, principal: Principal, dataset_id: str, member_id: str) -> None:
        """Take a member off one's own dataset, or oneself off another's; what they added stays.

        Raises NotFoundError.
        """
        require_scope(principal, Scope.WRITE)
        dataset = await self._datasets.get_joint(principal, dataset_id)
        try:
            member = await self._members.get(member_id)
        except NotFoundError as error:
            raise NotFoundError(_NO_MEMBER) from error
        is_mine = principal.account in (dataset.owner, member.account)
        if member.dataset != dataset.id or not is_mine:
            raise NotFoundError(_NO_MEMBER)
        await self._members.delete(member)

    async def leave(self, principal: Principal, dataset_id: str) -> None:
        """Leave another's dataset; what one added stays. Raises NotFoundError."""
        dataset = await self._datasets.get_joint(principal, dataset_id)
        where = {"dataset": dataset.id, "account": principal.account}
        for member in await self._members.find(where):
            return await self.remove_member(principal, dataset.id, member.id)
        raise NotFoundError(_NO_MEMBER)

    async def sweep(self) -> None:
        """Forget invitations that are over, and the members of datasets that are gone."""
        async for invitation in iterate(
            self._invitations, {"expires_at": Below(self._clock.now())}
        ):
            with contextlib.suppress(StaleError):
                await self._invitations.delete(invitation)
