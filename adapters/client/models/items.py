"""Models of items; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body

Source = Literal["upload", "url", "discord", "telegram", "zip"]
"""How an item came in."""


class ItemView(Answer):
    """One picture of a dataset; its bytes are at `…/image` and `…/thumbnail` below its address."""

    id: str
    dataset: str
    position: int
    sha256: str
    content_type: str
    width_px: int
    height_px: int
    bytes: int
    sharpness: float
    source: Source
    filename: str
    captions: dict[str, str]
    version: int
    created_at: datetime


Outcome = Literal["added", "already_there", "refused"]
"""What became of one file."""


class UploadedFile(Answer):
    """What became of one file; `code` and `detail` say why it was refused."""

    filename: str
    outcome: Outcome
    item: ItemView | None = None
    code: str | None = None
    detail: str | None = None


class UploadedFiles(Answer):
    """Every picture of the request, and each caption file that no picture took."""

    files: tuple[UploadedFile, ...]


class Addresses(Body):
    """Where pictures are on the web."""

    urls: Sequence[str]


class Captions(Body):
    """Captions of many items at once, by item id, in a caption set or in the default one."""

    captions: Mapping[str, str]
    set_name: str = ""


class CaptionOutcome(Answer):
    """What became of one caption."""

    item: str
    saved: bool
    code: str | None = None
    detail: str | None = None


class CaptionOutcomes(Answer):
    """What became of each caption."""

    items: tuple[CaptionOutcome, ...]


class Caption(Body):
    """A caption, in a caption set or in the dataset's default one."""

    text: str
    set_name: str = ""


class Move(Body):
    """Items, in their new order, and the one that they come before; without it they come last."""

    items: Sequence[str]
    before: str | None = None
