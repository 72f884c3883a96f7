"""Operations on sharing; made from the OpenAPI document by `python -m adapters.client.generate`."""

from pathlib import Path

from adapters.client.connection import Connection, Request
from adapters.client.models.datasets import DatasetView
from adapters.client.models.sharing import InvitationCode, InvitationView, MemberList
from adapters.client.paging import Pages


class SharingOperations(Connection):
    """The operations on sharing."""

    async def invite(self, dataset_id: str) -> InvitationView:
        """Make the code that lets people join your dataset for a week; the one before ends."""
        return await self._ask(
            InvitationView, Request("POST", ("datasets", dataset_id, "invitation"))
        )

    async def revoke_invitation(self, dataset_id: str) -> None:
        """End the invitation to your dataset; who has joined stays."""
        await self._do(Request("DELETE", ("datasets", dataset_id, "invitation")))

    async def join_dataset(self, body: InvitationCode) -> DatasetView:
        """Join the dataset that a code invites to: see it, add pictures, write captions."""
        return await self._ask(DatasetView, Request("POST", ("memberships",), body=body))

    def list_joined(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[DatasetView]:
        """List the datasets of others that you have joined, the latest first."""
        return self._list(
            DatasetView, Request("GET", ("memberships",), query={"limit": limit, "after": after})
        )

    async def leave_dataset(self, dataset_id: str) -> None:
        """Leave another's dataset; what you added stays."""
        await self._do(Request("DELETE", ("memberships", dataset_id)))

    async def list_members(self, dataset_id: str) -> MemberList:
        """List who has joined a dataset that you work on."""
        return await self._ask(MemberList, Request("GET", ("datasets", dataset_id, "members")))

    async def remove_member(self, dataset_id: str, member_id: str) -> None:
        """Take a member off your dataset, or yourself off another's; what they added stays."""
        await self._do(Request("DELETE", ("datasets", dataset_id, "members", member_id)))

    async def export_dataset(self, dataset_id: str, *, to: Path) -> Path:
        """Download a dataset whole: a zip of its pictures, each with its caption in a .txt beside it."""
        return await self._download(Request("GET", ("datasets", dataset_id, "export")), to)

    async def follow_link(self, token: str, *, to: Path) -> Path:
        """Download the file behind an address that was made for you; the address ends after a day."""
        return await self._download(Request("GET", ("downloads", token)), to)
