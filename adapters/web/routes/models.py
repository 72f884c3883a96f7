"""Trained models, and their files to download."""

from aiohttp import web

from adapters.web.downloads import send_stored
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.models import ModelView

routes = Routes("models")


@routes.get("/models")
async def list_models(call: Call, query: PageQuery) -> Listing[ModelView]:
    """List your models, newest first."""
    return Listing[ModelView].of(await call.studio.models.list_own(call.principal, query.page()))


@routes.get("/models/{model_id}")
async def get_model(call: Call, model_id: str) -> ModelView:
    """Get a model."""
    return ModelView.of(await call.studio.models.get(call.principal, model_id))


@routes.get("/models/{model_id}/files/{name}", media="application/octet-stream")
async def download_file(call: Call, model_id: str, name: str) -> web.StreamResponse:
    """Download a file of a model; send `Range` to go on with a download that broke."""
    file = await call.studio.models.find_file(call.principal, model_id, name)
    return await send_stored(call.request, call.studio.blobs, file, save_as=file.name)
