"""Generations: priced, submitted, followed, cancelled, and their pictures."""

from aiohttp import web

from adapters.web.downloads import send_stored, send_zip
from adapters.web.events import listen, tell, until_end
from adapters.web.routing import Call, Routes
from adapters.web.views.common import Listing, PageQuery
from adapters.web.views.generations import (
    GenerationEvent,
    GenerationOfferList,
    GenerationOfferView,
    GenerationPriceView,
    GenerationQuote,
    GenerationSpecView,
    GenerationView,
    NewGeneration,
)
from adapters.web.views.offerings import show_params
from core.accounts.records import Scope
from core.errors import (
    ConflictError,
    InsufficientPointsError,
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from core.zipping import CONTENT_TYPE, name_zip, stream_files

routes = Routes("generations")
_SPENDING = (RefusedError, InsufficientPointsError, ConflictError, UnavailableError, NotFoundError)


@routes.get("/generation-offers")
async def list_generation_offers(call: Call) -> GenerationOfferList:
    """List the base models to generate with, their settings, bounds and rates."""
    offers = call.studio.offerings.list_generations()
    return GenerationOfferList(
        items=tuple(
            GenerationOfferView.model_validate(
                {
                    "base_model": model,
                    "max_loras": offer.max_loras,
                    "price": offer.price,
                    "params": show_params(offer.params, call.words),
                }
            )
            for model, offer in offers.items()
        )
    )


@routes.post("/generations/quote", errors=(RefusedError, NotFoundError))
async def quote_generation(call: Call, body: NewGeneration) -> GenerationQuote:
    """Price a generation without buying it, and say whether the balance covers it."""
    spec, quote = await call.studio.generations.quote(call.principal, body.to_wishes())
    balance = await call.studio.points.get_balance(call.principal.account)
    return GenerationQuote(
        spec=GenerationSpecView.show(spec, call.words),
        quote=GenerationPriceView.of(quote),
        royalty_points=spec.get_royalties(quote.points),
        balance_points=balance,
        covered=balance >= quote.points,
    )


@routes.post("/generations", scope=Scope.SPEND, status=201, errors=_SPENDING)
async def submit_generation(
    call: Call, idempotency_key: str, body: NewGeneration
) -> GenerationView:
    """Buy pictures of a prompt; their points are held until all are drawn.

    The same Idempotency-Key with the same content is the same generation, with other content 409.
    A worker that trains draws when its training is over; another worker does not wait for it."""
    wishes = body.to_wishes()
    job = await call.studio.generations.submit(call.principal, wishes, idempotency_key)
    return GenerationView.show(job, call.words)


@routes.get("/generations")
async def list_generations(call: Call, query: PageQuery) -> Listing[GenerationView]:
    """List your generations, newest first."""
    page = await call.studio.generations.list_own(call.principal, query.page())
    return Listing[GenerationView].show(page, lambda job: GenerationView.show(job, call.words))


@routes.get("/generations/{generation_id}")
async def get_generation(call: Call, generation_id: str) -> GenerationView:
    """Get a generation as it is now."""
    job = await call.studio.generations.get(call.principal, generation_id)
    return GenerationView.show(job, call.words)


@routes.post("/generations/{generation_id}/cancel", scope=Scope.WRITE, errors=(ConflictError,))
async def cancel_generation(call: Call, generation_id: str) -> GenerationView:
    """Ask a generation to stop; pictures that are ready stay and are charged, the rest comes back."""
    job = await call.studio.generations.cancel(call.principal, generation_id)
    return GenerationView.show(job, call.words)


@routes.get("/generations/{generation_id}/images", media=CONTENT_TYPE)
async def download_pictures(call: Call, generation_id: str) -> web.StreamResponse:
    """Download every picture of a generation that is ready, as a zip."""
    job = await call.studio.generations.get(call.principal, generation_id)
    stream = stream_files(call.studio.blobs, [picture.file for picture in job.pictures])
    return await send_zip(call.request, name_zip(job.generation.typed_prompt, job.id), stream)


@routes.get("/generations/{generation_id}/images/{name}", media="image/png")
async def get_picture(call: Call, generation_id: str, name: str) -> web.StreamResponse:
    """Get a picture of a generation."""
    file = await call.studio.generations.find_picture(call.principal, generation_id, name)
    return await send_stored(call.request, call.studio.blobs, file)


@routes.get(
    "/generations/{generation_id}/events",
    media="text/event-stream",
    events={"snapshot": GenerationView, "generation": GenerationEvent},
)
async def follow_generation(call: Call, generation_id: str) -> web.StreamResponse:
    """Follow one generation: a `snapshot` of it, then each `generation` event until it has ended."""
    async with listen(call) as events:
        # Read after listening has begun, so that no event falls between the two.
        job = await call.studio.generations.get(call.principal, generation_id)
        return await tell(
            call, GenerationView.show(job, call.words), until_end(events, "generation", job)
        )
