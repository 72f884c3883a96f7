"""Models of captions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from typing import Literal

from adapters.client.messages import Answer, Body


class CaptionSetView(Answer):
    """A caption set, and how many pictures have a caption in it."""

    name: str
    captions: int
    is_default: bool


class CaptionSetList(Answer):
    """Every caption set of a dataset."""

    items: tuple[CaptionSetView, ...]


EditKind = Literal["prefix", "suffix", "replace", "remove_tag"]
"""What is done to each caption."""


class CaptionEditForm(Body):
    """What is done to each caption of a set: `text` is put before or behind it, or in place of `find`; `remove_tag`
    takes out the tag `find`, which stands between commas.
    """

    kind: EditKind
    text: str = ""
    find: str = ""
    set_name: str = ""
    """Without one, the dataset's default set."""
    dry_run: bool = False
    """Change nothing, only say what would change."""


class ChangedCaption(Answer):
    """One caption that changes."""

    item: str
    before: str
    after: str


class CaptionEditView(Answer):
    """How many captions changed, or would."""

    changed: int
    dry_run: bool
    items: tuple[ChangedCaption, ...]
