"""Operations on captions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.connection import Connection, Request
from adapters.client.models.captions import CaptionEditForm, CaptionEditView, CaptionSetList


class CaptionsOperations(Connection):
    """The operations on captions."""

    async def list_caption_sets(self, dataset_id: str) -> CaptionSetList:
        """List the caption sets of a dataset, the default one first."""
        return await self._ask(
            CaptionSetList, Request("GET", ("datasets", dataset_id, "caption-sets"))
        )

    async def edit_captions(self, dataset_id: str, body: CaptionEditForm) -> CaptionEditView:
        """Change every caption of a set at once, or with `dry_run` only say what would change.

        `items` has the first 500 of them, with what they read before and after.
        """
        return await self._ask(
            CaptionEditView, Request("POST", ("datasets", dataset_id, "caption-edits"), body=body)
        )
