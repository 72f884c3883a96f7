"""Operations on generations; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import AsyncGenerator
from pathlib import Path

from adapters.client.connection import Connection, Request
from adapters.client.models.generations import (
    GenerationEvent,
    GenerationOfferList,
    GenerationQuote,
    GenerationView,
    NewGeneration,
)
from adapters.client.paging import Pages


class GenerationsOperations(Connection):
    """The operations on generations."""

    async def list_generation_offers(self) -> GenerationOfferList:
        """List the base models to generate with, their settings, bounds and rates."""
        return await self._ask(GenerationOfferList, Request("GET", ("generation-offers",)))

    async def quote_generation(self, body: NewGeneration) -> GenerationQuote:
        """Price a generation without buying it, and say whether the balance covers it."""
        return await self._ask(
            GenerationQuote, Request("POST", ("generations", "quote"), body=body)
        )

    async def submit_generation(self, body: NewGeneration, *, key: str = "") -> GenerationView:
        """Buy pictures of a prompt; their points are held until all are drawn.

        The same Idempotency-Key with the same content is the same generation, with other content 409. A worker
        that trains draws when its training is over; another worker does not wait for it.
        """
        return await self._ask(
            GenerationView, Request("POST", ("generations",), body=body, key=key)
        )

    def list_generations(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[GenerationView]:
        """List your generations, newest first."""
        return self._list(
            GenerationView, Request("GET", ("generations",), query={"limit": limit, "after": after})
        )

    async def get_generation(self, generation_id: str) -> GenerationView:
        """Get a generation as it is now."""
        return await self._ask(GenerationView, Request("GET", ("generations", generation_id)))

    async def cancel_generation(self, generation_id: str) -> GenerationView:
        """Ask a generation to stop; pictures that are ready stay and are charged, the rest comes back."""
        return await self._ask(
            GenerationView, Request("POST", ("generations", generation_id, "cancel"))
        )

    async def download_pictures(self, generation_id: str, *, to: Path) -> Path:
        """Download every picture of a generation that is ready, as a zip."""
        return await self._download(Request("GET", ("generations", generation_id, "images")), to)

    async def get_picture(self, generation_id: str, name: str, *, to: Path) -> Path:
        """Get a picture of a generation."""
        return await self._download(
            Request("GET", ("generations", generation_id, "images", name)), to
        )

    def follow_generation(
        self, generation_id: str
    ) -> AsyncGenerator[GenerationView | GenerationEvent, None]:
        """Follow one generation: a `snapshot` of it, then each `generation` event until it has ended."""
        return self._follow(
            ("generations", generation_id, "events"),
            {"snapshot": GenerationView, "generation": GenerationEvent},
        )
