"""Trained models: found, shown, described, published, liked, and their files to download."""

from collections.abc import Sequence

from aiohttp import web

from adapters.web.downloads import send_stored
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing
from adapters.web.views.models import (
    Freeze,
    ModelChange,
    ModelQuery,
    ModelView,
    PromptForm,
    Publication,
    PublicationPreview,
    ResolutionView,
    Suggestions,
    SuggestionView,
    WordQuery,
)
from core.accounts.records import Scope
from core.errors import ConflictError, RefusedError
from core.models.records import TrainedModel

routes = Routes("models")


async def _show(call: Call, model: TrainedModel) -> ModelView:
    (view,) = await _show_all(call, (model,))
    return view


async def _show_all(call: Call, models: Sequence[TrainedModel]) -> tuple[ModelView, ...]:
    liked = await call.studio.favourites.choose(call.principal, [model.id for model in models])
    return tuple(ModelView.show(model, call.principal, liked) for model in models)


@routes.get("/models")
async def list_models(call: Call, query: ModelQuery) -> Listing[ModelView]:
    """List models: yours, everybody's public ones, or your favourites.

    Favourites come in the order in which you liked them, the latest first."""
    page = await call.studio.browsing.list(call.principal, query.search(), query.page())
    after = page.next.encode() if page.next else None
    return Listing[ModelView](items=await _show_all(call, page.items), next=after)


@routes.get("/models/{model_id}")
async def get_model(call: Call, model_id: str) -> ModelView:
    """Get a model that you may see."""
    return await _show(call, await call.studio.models.get(call.principal, model_id))


@routes.get("/models/by-slug/{slug}")
async def get_model_by_slug(call: Call, slug: str) -> ModelView:
    """Get a model by its slug, or by one that it had before."""
    return await _show(call, await call.studio.models.get_by_slug(call.principal, slug))


@routes.patch("/models/{model_id}", scope=Scope.WRITE, errors=(RefusedError, ConflictError))
async def change_model(
    call: Call, model_id: str, body: ModelChange, version: int | None
) -> ModelView:
    """Change what people read about a model, its usual weight, or its trigger words.

    Old words and slugs go on working, and say what to write now."""
    model = await call.studio.publishing.describe(call.principal, model_id, body.card(), version)
    return await _show(call, model)


@routes.put("/models/{model_id}/publication", scope=Scope.WRITE, errors=(RefusedError,))
async def publish_model(call: Call, model_id: str, body: Publication) -> ModelView:
    """Let others use a model; who is paid for that is fixed the first time."""
    model = await call.studio.publishing.publish(
        call.principal, model_id, body.access, body.trigger_words
    )
    return await _show(call, model)


@routes.post("/models/{model_id}/publication/preview", errors=(RefusedError,))
async def preview_publication(call: Call, model_id: str, body: Publication) -> PublicationPreview:
    """Say what publishing a model would do, and change nothing: its words are checked as publishing does."""
    model = await call.studio.publishing.preview(
        call.principal, model_id, body.access, body.trigger_words
    )
    return PublicationPreview.of(model)


@routes.delete("/models/{model_id}/publication", scope=Scope.WRITE)
async def withdraw_model(call: Call, model_id: str) -> None:
    """Make a model private again; what it earned stays."""
    await call.studio.publishing.withdraw(call.principal, model_id)


@routes.put("/models/{model_id}/favourite", scope=Scope.WRITE)
async def add_favourite(call: Call, model_id: str) -> ModelView:
    """Make a model a favourite; an unlisted one then comes by its trigger words, too."""
    return await _show(call, await call.studio.favourites.add(call.principal, model_id))


@routes.delete("/models/{model_id}/favourite", scope=Scope.WRITE)
async def remove_favourite(call: Call, model_id: str) -> None:
    """Take a model out of your favourites."""
    await call.studio.favourites.remove(call.principal, model_id)


@routes.put("/models/{model_id}/state", scope=Scope.WRITE)
async def freeze_model(call: Call, model_id: str, body: Freeze) -> ModelView:
    """Stop a model, or let it go on; for admins."""
    if call.principal.is_admin:
        log = call.studio.operations.audit_log
        await log.note(call.principal, f"model {body.state.value}", model_id)
    return await _show(
        call, await call.studio.publishing.freeze(call.principal, model_id, body.state)
    )


@routes.get("/models/{model_id}/files/{name}", media="application/octet-stream")
async def download_file(call: Call, model_id: str, name: str) -> web.StreamResponse:
    """Download a file of a model; send `Range` to go on with a download that broke."""
    file = await call.studio.models.find_file(call.principal, model_id, name)
    return await send_stored(call.request, call.studio.blobs, file, save_as=file.name)


@routes.get("/trigger-words")
async def suggest_trigger_words(call: Call, query: WordQuery) -> Suggestions:
    """List trigger words that begin so: of your models first, then of favourites and public ones."""
    found = await call.studio.resolver.suggest(
        call.principal, query.start, query.family, query.limit
    )
    return Suggestions(items=tuple(map(SuggestionView.of, found)))


@routes.post("/loras/resolve")
async def resolve_prompt(call: Call, body: PromptForm) -> ResolutionView:
    """Say which models a prompt brings in for you, with weights, for a generator of your own."""
    resolution = await call.studio.resolver.resolve(call.principal, body.prompt, body.family)
    return ResolutionView.show(resolution, call.words)
