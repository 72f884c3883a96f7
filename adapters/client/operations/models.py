"""Operations on models; made from the OpenAPI document by `python -m adapters.client.generate`."""

from pathlib import Path
from typing import Literal

from adapters.client.connection import Connection, Request
from adapters.client.models.models import (
    Freeze,
    ModelChange,
    ModelView,
    PromptForm,
    Publication,
    PublicationPreview,
    ResolutionView,
    Suggestions,
)
from adapters.client.paging import Pages


class ModelsOperations(Connection):
    """The operations on models."""

    def list_models(
        self,
        *,
        limit: int | None = None,
        after: str | None = None,
        show: Literal["mine", "public", "favourites"] | None = None,
        order: Literal["recent", "popular"] | None = None,
        family: str | None = None,
        tag: str | None = None,
        text: str | None = None,
    ) -> Pages[ModelView]:
        """List models: yours, everybody's public ones, or your favourites.

        Favourites come in the order in which you liked them, the latest first.
        """
        return self._list(
            ModelView,
            Request(
                "GET",
                ("models",),
                query={
                    "limit": limit,
                    "after": after,
                    "show": show,
                    "order": order,
                    "family": family,
                    "tag": tag,
                    "text": text,
                },
            ),
        )

    async def get_model(self, model_id: str) -> ModelView:
        """Get a model that you may see."""
        return await self._ask(ModelView, Request("GET", ("models", model_id)))

    async def change_model(
        self, model_id: str, body: ModelChange, *, if_match: str | None = None
    ) -> ModelView:
        """Change what people read about a model, its usual weight, or its trigger words.

        Old words and slugs go on working, and say what to write now.
        """
        return await self._ask(
            ModelView, Request("PATCH", ("models", model_id), body=body, if_match=if_match)
        )

    async def get_model_by_slug(self, slug: str) -> ModelView:
        """Get a model by its slug, or by one that it had before."""
        return await self._ask(ModelView, Request("GET", ("models", "by-slug", slug)))

    async def publish_model(self, model_id: str, body: Publication) -> ModelView:
        """Let others use a model; who is paid for that is fixed the first time."""
        return await self._ask(
            ModelView, Request("PUT", ("models", model_id, "publication"), body=body)
        )

    async def withdraw_model(self, model_id: str) -> None:
        """Make a model private again; what it earned stays."""
        await self._do(Request("DELETE", ("models", model_id, "publication")))

    async def preview_publication(self, model_id: str, body: Publication) -> PublicationPreview:
        """Say what publishing a model would do, and change nothing: its words are checked as publishing does."""
        return await self._ask(
            PublicationPreview,
            Request("POST", ("models", model_id, "publication", "preview"), body=body),
        )

    async def add_favourite(self, model_id: str) -> ModelView:
        """Make a model a favourite; an unlisted one then comes by its trigger words, too."""
        return await self._ask(ModelView, Request("PUT", ("models", model_id, "favourite")))

    async def remove_favourite(self, model_id: str) -> None:
        """Take a model out of your favourites."""
        await self._do(Request("DELETE", ("models", model_id, "favourite")))

    async def freeze_model(self, model_id: str, body: Freeze) -> ModelView:
        """Stop a model, or let it go on; for admins."""
        return await self._ask(ModelView, Request("PUT", ("models", model_id, "state"), body=body))

    async def download_file(self, model_id: str, name: str, *, to: Path) -> Path:
        """Download a file of a model; send `Range` to go on with a download that broke."""
        return await self._download(Request("GET", ("models", model_id, "files", name)), to)

    async def suggest_trigger_words(
        self, *, start: str | None = None, family: str | None = None, limit: int | None = None
    ) -> Suggestions:
        """List trigger words that begin so: of your models first, then of favourites and public ones."""
        return await self._ask(
            Suggestions,
            Request(
                "GET", ("trigger-words",), query={"start": start, "family": family, "limit": limit}
            ),
        )

    async def resolve_prompt(self, body: PromptForm) -> ResolutionView:
        """Say which models a prompt brings in for you, with weights, for a generator of your own."""
        return await self._ask(ResolutionView, Request("POST", ("loras", "resolve"), body=body))
