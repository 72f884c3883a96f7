"""Operations on auto-captions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.auto_captions import (
    AutoCaptionsQuote,
    AutoCaptionsView,
    NewAutoCaptions,
)
from adapters.client.paging import Pages


class AutoCaptionsOperations(Connection):
    """The operations on auto-captions."""

    async def quote_auto_captions(
        self, dataset_id: str, body: NewAutoCaptions
    ) -> AutoCaptionsQuote:
        """Price captions without buying them, and say whether the balance covers it.

        Refused with code `captions_off` where the operator has named no caption model.
        """
        return await self._ask(
            AutoCaptionsQuote,
            Request("POST", ("datasets", dataset_id, "auto-captions", "quote"), body=body),
        )

    async def submit_auto_captions(
        self, dataset_id: str, body: NewAutoCaptions, *, key: str = ""
    ) -> AutoCaptionsView:
        """Let a model caption the pictures that have no caption in a set; points are held until it ends.

        The same Idempotency-Key with the same content is the same job, with other content 409.
        """
        return await self._ask(
            AutoCaptionsView,
            Request("POST", ("datasets", dataset_id, "auto-captions"), body=body, key=key),
        )

    def list_auto_captions(
        self, *, limit: int | None = None, after: str | None = None
    ) -> Pages[AutoCaptionsView]:
        """List your auto-caption jobs, newest first."""
        return self._list(
            AutoCaptionsView,
            Request("GET", ("auto-captions",), query={"limit": limit, "after": after}),
        )

    async def get_auto_captions(self, auto_caption_id: str) -> AutoCaptionsView:
        """Get an auto-caption job as it is now."""
        return await self._ask(AutoCaptionsView, Request("GET", ("auto-captions", auto_caption_id)))

    async def cancel_auto_captions(self, auto_caption_id: str) -> AutoCaptionsView:
        """Ask an auto-caption job to stop; captions that are written stay and are charged."""
        return await self._ask(
            AutoCaptionsView, Request("POST", ("auto-captions", auto_caption_id, "cancel"))
        )
