"""Captions by a model: priced, submitted, looked at and cancelled."""

from adapters.web.routing import Call, Routes
from adapters.web.views.auto_captions import (
    AutoCaptionsQuote,
    AutoCaptionsView,
    CaptionPriceView,
    CaptionSpecView,
    NewAutoCaptions,
)
from adapters.web.views.common import Listing, PageQuery
from core.accounts.records import Scope
from core.errors import ConflictError, InsufficientPointsError, RefusedError, UnavailableError

routes = Routes("auto-captions")
_SPENDING = (RefusedError, InsufficientPointsError, ConflictError, UnavailableError)


@routes.post("/datasets/{dataset_id}/auto-captions/quote", errors=(RefusedError,))
async def quote_auto_captions(
    call: Call, dataset_id: str, body: NewAutoCaptions
) -> AutoCaptionsQuote:
    """Price captions without buying them, and say whether the balance covers it.

    Refused with code `captions_off` where the operator has named no caption model."""
    spec, quote = await call.studio.auto_captions.quote(
        call.principal, dataset_id, body.to_wishes()
    )
    balance = await call.studio.points.get_balance(call.principal.account)
    return AutoCaptionsQuote(
        spec=CaptionSpecView.of(spec),
        quote=CaptionPriceView.of(quote),
        balance_points=balance,
        covered=balance >= quote.points,
    )


@routes.post(
    "/datasets/{dataset_id}/auto-captions", scope=Scope.SPEND, status=201, errors=_SPENDING
)
async def submit_auto_captions(
    call: Call, idempotency_key: str, dataset_id: str, body: NewAutoCaptions
) -> AutoCaptionsView:
    """Let a model caption the pictures that have no caption in a set; points are held until it ends.

    The same Idempotency-Key with the same content is the same job, with other content 409."""
    wishes = body.to_wishes()
    job = await call.studio.auto_captions.submit(
        call.principal, dataset_id, wishes, idempotency_key
    )
    return AutoCaptionsView.of(job)


@routes.get("/auto-captions")
async def list_auto_captions(call: Call, query: PageQuery) -> Listing[AutoCaptionsView]:
    """List your auto-caption jobs, newest first."""
    page = await call.studio.auto_captions.list_own(call.principal, query.page())
    return Listing[AutoCaptionsView].of(page)


@routes.get("/auto-captions/{auto_caption_id}")
async def get_auto_captions(call: Call, auto_caption_id: str) -> AutoCaptionsView:
    """Get an auto-caption job as it is now."""
    job = await call.studio.auto_captions.get(call.principal, auto_caption_id)
    return AutoCaptionsView.of(job)


@routes.post("/auto-captions/{auto_caption_id}/cancel", scope=Scope.WRITE, errors=(ConflictError,))
async def cancel_auto_captions(call: Call, auto_caption_id: str) -> AutoCaptionsView:
    """Ask an auto-caption job to stop; captions that are written stay and are charged."""
    job = await call.studio.auto_captions.cancel(call.principal, auto_caption_id)
    return AutoCaptionsView.of(job)
