"""Datasets of several people, whole datasets to download, and files behind an address of their own."""

from aiohttp import web

from adapters.web.downloads import send_stored, send_zip
from adapters.web.routes.datasets import show, show_page
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.datasets import DatasetView
from adapters.web.views.sharing import InvitationCode, InvitationView, MemberList, MemberView
from core.accounts.records import Scope
from core.datasets.export import name_export
from core.errors import RefusedError
from core.zipping import CONTENT_TYPE

routes = Routes("sharing")


@routes.post("/datasets/{dataset_id}/invitation", scope=Scope.WRITE, status=201)
async def invite(call: Call, dataset_id: str) -> InvitationView:
    """Make the code that lets people join your dataset for a week; the one before ends."""
    return InvitationView(code=await call.studio.sharing.invite(call.principal, dataset_id))


@routes.delete("/datasets/{dataset_id}/invitation", scope=Scope.WRITE)
async def revoke_invitation(call: Call, dataset_id: str) -> None:
    """End the invitation to your dataset; who has joined stays."""
    await call.studio.sharing.revoke(call.principal, dataset_id)


@routes.post("/memberships", scope=Scope.WRITE, status=201, errors=(RefusedError,))
async def join_dataset(call: Call, body: InvitationCode) -> DatasetView:
    """Join the dataset that a code invites to: see it, add pictures, write captions."""
    return await show(call, await call.studio.sharing.join(call.principal, body.code))


@routes.get("/memberships")
async def list_joined(call: Call, query: PageQuery) -> Listing[DatasetView]:
    """List the datasets of others that you have joined, the latest first."""
    page = await call.studio.sharing.list_joined(call.principal, query.page())
    return await show_page(call, page)


@routes.delete("/memberships/{dataset_id}", scope=Scope.WRITE)
async def leave_dataset(call: Call, dataset_id: str) -> None:
    """Leave another's dataset; what you added stays."""
    await call.studio.sharing.leave(call.principal, dataset_id)


@routes.get("/datasets/{dataset_id}/members")
async def list_members(call: Call, dataset_id: str) -> MemberList:
    """List who has joined a dataset that you work on."""
    found = await call.studio.sharing.list_members(call.principal, dataset_id)
    return MemberList(items=tuple(map(MemberView.of, found)))


@routes.delete("/datasets/{dataset_id}/members/{member_id}", scope=Scope.WRITE)
async def remove_member(call: Call, dataset_id: str, member_id: str) -> None:
    """Take a member off your dataset, or yourself off another's; what they added stays."""
    await call.studio.sharing.remove_member(call.principal, dataset_id, member_id)


@routes.get("/datasets/{dataset_id}/export", media=CONTENT_TYPE)
async def export_dataset(call: Call, dataset_id: str) -> web.StreamResponse:
    """Download a dataset whole: a zip of its pictures, each with its caption in a .txt beside it."""
    dataset = await call.studio.datasets.get(call.principal, dataset_id)
    body = call.studio.exports.stream(call.principal, dataset_id)
    return await send_zip(call.request, name_export(dataset), body)


@routes.get("/downloads/{token}", scope=None, media="application/octet-stream")
async def follow_link(call: Call, token: str) -> web.StreamResponse:
    """Download the file behind an address that was made for you; the address ends after a day."""
    file = await call.studio.downloads.find(token)
    return await send_stored(call.request, call.studio.blobs, file, save_as=file.name)
