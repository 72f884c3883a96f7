"""Training offerings: what can be bought, and what it costs."""

from adapters.web.routing import Call, Routes
from adapters.web.views.offerings import (
    OfferingList,
    OfferingView,
    QuoteAnswer,
    QuoteRequest,
    QuoteView,
)
from core.errors import RefusedError
from core.offerings.service import TrainingWishes

routes = Routes("training-offerings")
_ANY_TRIGGER = ("trigger",)
_ANY_CLASS = "a thing"
"""Stand in where only the price is asked."""


@routes.get("/training-offerings")
async def list_offerings(call: Call) -> OfferingList:
    """List what can be bought, with settings, bounds and rates."""
    offerings, words = call.studio.offerings.list_all(), call.words
    return OfferingList(items=tuple(OfferingView.show(offering, words) for offering in offerings))


@routes.get("/training-offerings/{offering_id}")
async def get_offering(call: Call, offering_id: str) -> OfferingView:
    """Get one offering."""
    return OfferingView.show(call.studio.offerings.get(offering_id), call.words)


@routes.post("/training-offerings/{offering_id}/quote", errors=(RefusedError,))
async def get_quote(call: Call, offering_id: str, body: QuoteRequest) -> QuoteAnswer:
    """Price a training without buying it, and say whether the balance covers it.

    The price depends neither on trigger words nor on the class prompt; those that are given are checked."""
    takes_class = call.studio.offerings.get(offering_id).takes_class_prompt
    class_prompt = body.class_prompt
    if class_prompt is None:
        class_prompt = _ANY_CLASS if takes_class else ""
    wishes = TrainingWishes(
        offering=offering_id,
        base_model=body.base_model,
        trigger_words=_ANY_TRIGGER if body.trigger_words is None else body.trigger_words,
        class_prompt=class_prompt,
        sample_prompts=body.sample_prompts,
        start_from=body.start_from,
        params=body.params,
    )
    spec, quote = await call.studio.jobs.quote(call.principal, wishes, body.dataset)
    balance = await call.studio.points.get_balance(call.principal.account)
    return QuoteAnswer(
        offering=spec.offering,
        params=spec.params,
        quote=QuoteView.of(quote),
        balance_points=balance,
        covered=balance >= quote.points,
    )
