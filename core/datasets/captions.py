"""Captions of a whole dataset at once: pure edits of one text, applied item by item."""

from collections import Counter
from enum import StrEnum

from core.accounts.records import Principal
from core.datasets.records import Item
from core.datasets.service import Datasets
from core.datasets.texts import check_caption, check_name
from core.errors import InvalidError, NotFoundError
from core.records import Value


class EditKind(StrEnum):
    """What is done to each caption."""

    PREFIX = "prefix"
    SUFFIX = "suffix"
    REPLACE = "replace"
    REMOVE_TAG = "remove_tag"
    """A tag is what stands between commas; `find` is the one to take out."""


class CaptionEdit(Value):
    """One change to every caption. A prefix or suffix that is there is not added again, and a picture
    without a caption gets the text alone, without the comma that would have joined it."""

    kind: EditKind
    text: str = ""
    find: str = ""

    def apply(self, caption: str) -> str:
        """Return the caption after the change."""
        if self.kind is EditKind.REPLACE:
            return caption.replace(self.find, self.text)
        if self.kind is EditKind.REMOVE_TAG:
            return _remove_tag(caption, self.find)
        bare = self.text.strip(" ,")
        if caption in ("", bare):
            return bare
        if self.kind is EditKind.PREFIX:
            return caption if caption.startswith(self.text) else f"{self.text}{caption}"
        return caption if caption.endswith(self.text) else f"{caption}{self.text}"


class CaptionSet(Value):
    """A caption set of a dataset, and how many of its pictures have a caption in it."""

    name: str
    captions: int
    is_default: bool


class Captions:
    """Edits captions in bulk; each item is one compare-and-set, so a crash leaves some to do again."""

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets

    async def preview(
        self, principal: Principal, dataset_id: str, edit: CaptionEdit, set_name: str = ""
    ) -> list[tuple[Item, str]]:
        """List the items that the edit would change, with their new captions; nothing is written.

        In the dataset's default caption set unless another is named.
        """
        adds = edit.kind in (EditKind.PREFIX, EditKind.SUFFIX)
        if adds and not edit.text.strip():
            raise InvalidError("Say which text to add.")
        if not adds and not edit.find.strip(" ," if edit.kind is EditKind.REMOVE_TAG else ""):
            raise InvalidError("Say which text to look for.")
        dataset = await self._datasets.get_joint(principal, dataset_id)
        name = check_name(set_name) if set_name else dataset.default_caption_set
        changes = []
        for item in await self._datasets.list_active(dataset.id):
            before = item.captions.get(name, "")
            after = check_caption(edit.apply(before))
            if after != before:
                changes.append((item, after))
        return changes

    async def edit(
        self, principal: Principal, dataset_id: str, edit: CaptionEdit, set_name: str = ""
    ) -> int:
        """Change every caption; return how many. An item that is removed meanwhile is left out."""
        changed = 0
        for item, caption in await self.preview(principal, dataset_id, edit, set_name):
            try:
                await self._datasets.caption(
                    principal, dataset_id, item.id, caption, set_name=set_name
                )
            except NotFoundError:
                continue
            changed += 1
        return changed

    async def list_sets(self, principal: Principal, dataset_id: str) -> list[CaptionSet]:
        """List a dataset's caption sets, the default one first, the others by name."""
        dataset = await self._datasets.get(principal, dataset_id)
        counts = Counter({dataset.default_caption_set: 0})
        for item in await self._datasets.list_active(dataset.id):
            counts.update(name for name, text in item.captions.items() if text)
        sets = [
            CaptionSet(name=name, captions=count, is_default=name == dataset.default_caption_set)
            for name, count in counts.items()
        ]
        return sorted(sets, key=lambda found: (not found.is_default, found.name))


def _remove_tag(caption: str, tag: str) -> str:
    """Take a tag out of a caption, in whatever case it stands there; other tags stay as they are."""
    wanted = tag.strip(" ,").casefold()
    tags = caption.split(",")
    kept = [one for one in tags if one.strip().casefold() != wanted]
    return caption if len(kept) == len(tags) else ",".join(kept).strip(" ,")
