"""Operations on items; made from the OpenAPI document by `python -m adapters.client.generate`."""

from pathlib import Path

from aiohttp import FormData

from adapters.client.connection import Connection, Request
from adapters.client.models.items import (
    Addresses,
    Caption,
    CaptionOutcomes,
    Captions,
    ItemView,
    Move,
    UploadedFiles,
)
from adapters.client.paging import Pages


class ItemsOperations(Connection):
    """The operations on items."""

    def list_items(
        self, dataset_id: str, *, limit: int | None = None, after: str | None = None
    ) -> Pages[ItemView]:
        """List the pictures of a dataset, in their order."""
        return self._list(
            ItemView,
            Request(
                "GET", ("datasets", dataset_id, "items"), query={"limit": limit, "after": after}
            ),
        )

    async def add_images(self, dataset_id: str, body: FormData) -> UploadedFiles:
        """Add pictures: JPEG, PNG, WebP, HEIC or AVIF, 200 files a form and 32 MiB each at most.

        A zip of pictures, each with its caption in a .txt of the same name, may be among them. The answer says
        what became of each file; one that is refused spoils none of the others.
        """
        return await self._ask(
            UploadedFiles, Request("POST", ("datasets", dataset_id, "images"), body=body)
        )

    async def add_urls(self, dataset_id: str, body: Addresses) -> UploadedFiles:
        """Add what is at web addresses: pictures, or zips of them; the answer says what became of each."""
        return await self._ask(
            UploadedFiles, Request("POST", ("datasets", dataset_id, "urls"), body=body)
        )

    async def set_captions(self, dataset_id: str, body: Captions) -> CaptionOutcomes:
        """Set the captions of many items, each on its own: the answer says which were saved."""
        return await self._ask(
            CaptionOutcomes, Request("POST", ("datasets", dataset_id, "captions"), body=body)
        )

    async def get_item(self, dataset_id: str, item_id: str) -> ItemView:
        """Get what is known of a picture."""
        return await self._ask(ItemView, Request("GET", ("datasets", dataset_id, "items", item_id)))

    async def remove_item(self, dataset_id: str, item_id: str) -> None:
        """Remove a picture from its dataset."""
        await self._do(Request("DELETE", ("datasets", dataset_id, "items", item_id)))

    async def get_image(self, dataset_id: str, item_id: str, *, to: Path) -> Path:
        """Get a picture as it is trained on."""
        return await self._download(
            Request("GET", ("datasets", dataset_id, "items", item_id, "image")), to
        )

    async def get_thumbnail(self, dataset_id: str, item_id: str, *, to: Path) -> Path:
        """Get a small picture, at most 320 px on its longer side."""
        return await self._download(
            Request("GET", ("datasets", dataset_id, "items", item_id, "thumbnail")), to
        )

    async def set_caption(
        self, dataset_id: str, item_id: str, body: Caption, *, if_match: str | None = None
    ) -> ItemView:
        """Set a picture's caption in a caption set; an empty text removes it."""
        return await self._ask(
            ItemView,
            Request(
                "PUT",
                ("datasets", dataset_id, "items", item_id, "caption"),
                body=body,
                if_match=if_match,
            ),
        )

    async def restore_item(self, dataset_id: str, item_id: str) -> ItemView:
        """Undo the removal of a picture; possible for ten minutes, and for as long as a training needs it."""
        return await self._ask(
            ItemView, Request("POST", ("datasets", dataset_id, "items", item_id, "restore"))
        )

    async def move_items(self, dataset_id: str, body: Move) -> None:
        """Move pictures before another one, or to the end."""
        await self._do(Request("POST", ("datasets", dataset_id, "order"), body=body))
