"""Captions of a whole dataset at once: pure edits of one text, applied item by item."""

from enum import StrEnum

from core.accounts.records import Principal
from core.datasets.records import Item
from core.datasets.service import Datasets
from core.datasets.texts import check_caption
from core.errors import InvalidError, NotFoundError
from core.records import Value


class EditKind(StrEnum):
    """What is done to each caption."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    REPLACE = "replace"


class CaptionEdit(Value):
    """One change to every caption. A prefix or suffix that is there is not added again, and a picture
    without a caption gets the text alone, without the comma that would have joined it."""

    kind: EditKind
    text: str
    find: str = ""

    def apply(self, caption: str) -> str:
        """Return the caption after the change."""
        if self.kind is EditKind.REPLACE:
            return caption.replace(self.find, self.text)
        bare = self.text.strip(" ,")
        if caption in ("", bare):
            return bare
        if self.kind is EditKind.PREFIX:
            return caption if caption.startswith(self.text) else f"{self.text}{caption}"
        return caption if caption.endswith(self.text) else f"{caption}{self.text}"


class Captions:
    """Edits captions in bulk; each item is one compare-and-set, so a crash leaves some to do again."""

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets

    async def preview(
        self, principal: Principal, dataset_id: str, edit: CaptionEdit
    ) -> list[tuple[Item, str]]:
        """List the items that the edit would change, with their new captions; nothing is written."""
        if not edit.text.strip() and edit.kind is not EditKind.REPLACE:
            raise InvalidError("Say which text to add.")
        if edit.kind is EditKind.REPLACE and not edit.find:
            raise InvalidError("Say which text to look for.")
        dataset = await self._datasets.get_joint(principal, dataset_id)
        changes = []
        for item in await self._datasets.list_active(dataset.id):
            before = item.captions.get(dataset.default_caption_set, "")
            after = check_caption(edit.apply(before))
            if after != before:
                changes.append((item, after))
        return changes

    async def edit(self, principal: Principal, dataset_id: str, edit: CaptionEdit) -> int:
        """Change every caption; return how many. An item that is removed meanwhile is left out."""
        changed = 0
        for item, caption in await self.preview(principal, dataset_id, edit):
            try:
                await self._datasets.caption(principal, dataset_id, item.id, caption)
            except NotFoundError:
                continue
            changed += 1
        return changed
