"""Operations on training-offerings; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.training_offerings import (
    OfferingList,
    OfferingView,
    QuoteAnswer,
    QuoteRequest,
)


class TrainingOfferingsOperations(Connection):
    """The operations on training-offerings."""

    async def list_offerings(self) -> OfferingList:
        """List what can be bought, with settings, bounds and rates."""
        return await self._ask(OfferingList, Request("GET", ("training-offerings",)))

    async def get_offering(self, offering_id: str) -> OfferingView:
        """Get one offering."""
        return await self._ask(OfferingView, Request("GET", ("training-offerings", offering_id)))

    async def get_quote(self, offering_id: str, body: QuoteRequest) -> QuoteAnswer:
        """Price a training without buying it, and say whether the balance covers it.

        The price depends neither on trigger words nor on the class prompt; those that are given are checked.
        """
        return await self._ask(
            QuoteAnswer, Request("POST", ("training-offerings", offering_id, "quote"), body=body)
        )
