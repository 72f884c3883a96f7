"""The items of a dataset: pictures in, looked at, captioned and removed."""

from aiohttp import web

from adapters.web.downloads import send_stored
from adapters.web.limiting import Action
from adapters.web.routing import Call, Routes
from adapters.web.uploads import take_addresses, take_images
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.datasets import (
    Addresses,
    Caption,
    CaptionOutcome,
    CaptionOutcomes,
    Captions,
    ImageForm,
    ItemView,
    Move,
    UploadedFiles,
)
from core.accounts.records import Scope
from core.errors import NotFoundError, RefusedError

routes = Routes("items")


@routes.get("/datasets/{dataset_id}/items")
async def list_items(call: Call, dataset_id: str, query: PageQuery) -> Listing[ItemView]:
    """List the pictures of a dataset, in their order."""
    page = await call.studio.datasets.list_items(call.principal, dataset_id, query.page())
    return Listing[ItemView].of(page)


@routes.post(
    "/datasets/{dataset_id}/images", scope=Scope.WRITE, upload=ImageForm, action=Action.UPLOAD
)
async def add_images(call: Call, dataset_id: str) -> UploadedFiles:
    """Add pictures: JPEG, PNG, WebP, HEIC or AVIF, 200 files a form and 32 MiB each at most.

    A zip of pictures, each with its caption in a .txt of the same name, may be among them.
    The answer says what became of each file; one that is refused spoils none of the others."""
    return await take_images(call, dataset_id)


@routes.post("/datasets/{dataset_id}/urls", scope=Scope.WRITE, action=Action.UPLOAD)
async def add_urls(call: Call, dataset_id: str, body: Addresses) -> UploadedFiles:
    """Add what is at web addresses: pictures, or zips of them; the answer says what became of each."""
    await call.studio.datasets.get_joint(call.principal, dataset_id)
    return await take_addresses(call, dataset_id, body.urls)


@routes.post("/datasets/{dataset_id}/captions", scope=Scope.WRITE)
async def set_captions(call: Call, dataset_id: str, body: Captions) -> CaptionOutcomes:
    """Set the captions of many items, each on its own: the answer says which were saved."""
    await call.studio.datasets.get_joint(call.principal, dataset_id)
    outcomes = []
    for item, text in body.captions.items():
        try:
            await call.studio.datasets.caption(
                call.principal, dataset_id, item, text, set_name=body.set_name
            )
            outcomes.append(CaptionOutcome(item=item, saved=True))
        except (RefusedError, NotFoundError) as error:
            detail = call.words.known(error.message)
            outcome = CaptionOutcome(item=item, saved=False, code=error.code, detail=detail)
            outcomes.append(outcome)
    return CaptionOutcomes(items=tuple(outcomes))


@routes.get("/datasets/{dataset_id}/items/{item_id}")
async def get_item(call: Call, dataset_id: str, item_id: str) -> ItemView:
    """Get what is known of a picture."""
    return ItemView.of(await call.studio.datasets.get_item(call.principal, dataset_id, item_id))


@routes.get("/datasets/{dataset_id}/items/{item_id}/image", media="image/*")
async def get_image(call: Call, dataset_id: str, item_id: str) -> web.StreamResponse:
    """Get a picture as it is trained on."""
    item = await call.studio.datasets.get_item(call.principal, dataset_id, item_id)
    stored = await call.studio.blobs.info(item.blob_key)
    return await send_stored(call.request, call.studio.blobs, stored)


@routes.get("/datasets/{dataset_id}/items/{item_id}/thumbnail", media="image/webp")
async def get_thumbnail(call: Call, dataset_id: str, item_id: str) -> web.StreamResponse:
    """Get a small picture, at most 320 px on its longer side."""
    item = await call.studio.datasets.get_item(call.principal, dataset_id, item_id)
    stored = await call.studio.blobs.info(item.thumbnail_key)
    return await send_stored(call.request, call.studio.blobs, stored, never_changes=True)


@routes.put("/datasets/{dataset_id}/items/{item_id}/caption", scope=Scope.WRITE)
async def set_caption(
    call: Call, dataset_id: str, item_id: str, body: Caption, version: int | None
) -> ItemView:
    """Set a picture's caption in a caption set; an empty text removes it."""
    item = await call.studio.datasets.caption(
        call.principal, dataset_id, item_id, body.text, set_name=body.set_name, version=version
    )
    return ItemView.of(item)


@routes.delete("/datasets/{dataset_id}/items/{item_id}", scope=Scope.WRITE)
async def remove_item(call: Call, dataset_id: str, item_id: str) -> None:
    """Remove a picture from its dataset."""
    await call.studio.contributions.remove_item(call.principal, dataset_id, item_id)


@routes.post("/datasets/{dataset_id}/items/{item_id}/restore", scope=Scope.WRITE)
async def restore_item(call: Call, dataset_id: str, item_id: str) -> ItemView:
    """Undo the removal of a picture; possible for ten minutes, and for as long as a training needs it."""
    item = await call.studio.intake.take_back(call.principal, dataset_id, item_id)
    return ItemView.of(item)


@routes.post("/datasets/{dataset_id}/order", scope=Scope.WRITE, status=204)
async def move_items(call: Call, dataset_id: str, body: Move) -> None:
    """Move pictures before another one, or to the end."""
    await call.studio.arrangement.move(call.principal, dataset_id, body.items, body.before)
