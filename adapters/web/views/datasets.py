"""Datasets, their items and what an upload answers, as the API shows and takes them."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from adapters.web.views.common import Form, Time, View
from core.datasets.arrangement import MAX_MOVED
from core.datasets.records import Access, Source


class DatasetView(View):
    """An ordered collection of pictures with captions."""

    id: str
    name: str
    description: str
    tags: tuple[str, ...]
    access: Access
    default_caption_set: str
    items: int = Field(description="How many pictures it has.")
    cover: str | None = Field(description="The id of the first one.")
    own: bool = Field(description="Whether it is yours; else you have joined it, or it is open.")
    version: int
    created_at: Time
    updated_at: Time


class NewDataset(Form):
    """The dataset that is wanted."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "My cat", "description": "Twenty photographs."}]}
    )

    name: str
    description: str = ""


class DatasetChange(Form):
    """What to change of a dataset; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "My two cats"}]})

    name: str | None = None
    description: str | None = None
    default_caption_set: str | None = None


class ItemView(View):
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
    created_at: Time


class Move(Form):
    """Items, in their new order, and the one that they come before; without it they come last."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": ["it_aaaaaaaaaaaaaaaa"], "before": None}]}
    )

    items: tuple[str, ...] = Field(min_length=1, max_length=MAX_MOVED)
    before: str | None = None


class Addresses(Form):
    """Where pictures are on the web."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"urls": ["https://example.org/cat.jpg"]}]}
    )

    urls: tuple[str, ...] = Field(min_length=1, max_length=50)


class Caption(Form):
    """A caption, in a caption set or in the dataset's default one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "a cat on a chair"}]})

    text: str
    set_name: str = ""


class Captions(Form):
    """Captions of many items at once, by item id, in a caption set or in the default one."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"captions": {"it_aaaaaaaaaaaaaaaa": "a cat on a chair"}}]}
    )

    captions: dict[str, str] = Field(min_length=1, max_length=500)
    set_name: str = ""


class CaptionOutcome(View):
    """What became of one caption."""

    item: str
    saved: bool
    code: str | None = None
    detail: str | None = None


class CaptionOutcomes(View):
    """What became of each caption."""

    items: tuple[CaptionOutcome, ...]


class Outcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    ALREADY_THERE = "already_there"
    REFUSED = "refused"


class UploadedFile(View):
    """What became of one file; `code` and `detail` say why it was refused."""

    filename: str
    outcome: Outcome
    item: ItemView | None = None
    code: str | None = None
    detail: str | None = None


class UploadedFiles(View):
    """Every picture of the request, and each caption file that no picture took."""

    files: tuple[UploadedFile, ...]


class ImageForm(Form):
    """Pictures as multipart/form-data. A picture takes the `caption` part before it, or else the `.txt`
    file of the same name, wherever in the form that stands."""

    files: tuple[bytes, ...] = Field(
        json_schema_extra={"items": {"type": "string", "contentMediaType": "image/*"}}
    )
    caption: tuple[str, ...] = ()


class NearDuplicateView(View):
    """Two items that look alike; distance in differing bits of 64."""

    first: str
    second: str
    distance: int


class BucketView(View):
    """How many items are trained at one size."""

    width_px: int
    height_px: int
    items: int


class OfferingFitView(View):
    """Whether the dataset fits an offering, and what it would cost with the defaults."""

    offering: str
    name: str
    fits: bool
    reason: str
    steps: int
    steps_per_epoch: int
    price_points: int
    buckets: tuple[BucketView, ...]


class ReportView(View):
    """The free health check of a dataset; lists of items are lists of their ids."""

    dataset: str
    items: int
    total_bytes: int
    uncaptioned: tuple[str, ...]
    near_duplicates: tuple[NearDuplicateView, ...]
    near_duplicate_groups: tuple[tuple[str, ...], ...]
    too_small: tuple[str, ...]
    blurred: tuple[str, ...]
    extreme_aspect: tuple[str, ...]
    offerings: tuple[OfferingFitView, ...]
    advice: tuple[str, ...]
