"""What is kept of a dataset: the dataset, its items, and the snapshots that jobs pin."""

from enum import StrEnum

from pydantic import Field

from core.records import Record, UtcTime, Value


class Access(StrEnum):
    """Who sees a dataset beside its owner."""

    PRIVATE = "private"
    UNLISTED = "unlisted"
    PUBLIC = "public"


class ItemState(StrEnum):
    """Whether an item counts; a withdrawn one is kept only while a job needs its bytes, then it is gone."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    GONE = "gone"


class Source(StrEnum):
    """How an item came in."""

    UPLOAD = "upload"
    URL = "url"
    DISCORD = "discord"
    TELEGRAM = "telegram"
    ZIP = "zip"


class Dataset(Record):
    """An ordered collection of items."""

    collection = "datasets"
    indexed = ("owner", "deleted", "needs_emptying")

    owner: str
    name: str
    description: str = ""
    tags: tuple[str, ...] = ()
    access: Access = Access.PRIVATE
    default_caption_set: str = "default"
    consent_note: str = ""
    deleted: bool = False
    needs_emptying: bool | None = None
    """True from the deletion until no item can come in late any more."""


class Member(Record):
    """Somebody who works on another person's dataset: sees it, adds pictures and writes captions."""

    collection = "dataset_members"
    unique = (("dataset", "account"),)
    indexed = ("account", "dataset")

    dataset: str
    account: str
    display_name: str


class Invitation(Record):
    """A code by which people join a dataset; only its hash is kept."""

    collection = "invitations"
    unique = (("code_sha256",),)
    indexed = ("dataset", "expires_at")

    dataset: str
    code_sha256: str
    expires_at: UtcTime


class Item(Record):
    """One image of a dataset. The same bytes twice in a dataset are the same item.

    `alive` is true while the item is active and null afterwards, so that a removed picture may
    come back without two live items ever sharing their bytes.
    """

    collection = "items"
    unique = (("dataset", "sha256", "alive"),)
    indexed = ("dataset", "state", "position", "bytes", "contributor")

    dataset: str
    contributor: str
    position: int
    blob_key: str
    thumbnail_key: str
    sha256: str
    content_type: str
    perceptual_hash: str
    sharpness: float
    width_px: int
    height_px: int
    bytes: int
    source: Source = Source.UPLOAD
    filename: str = ""
    """A label for people, never a path."""
    captions: dict[str, str] = Field(default_factory=dict)
    state: ItemState = ItemState.ACTIVE
    alive: bool | None = True


class Upload(Record):
    """A file that comes in parts, of which one's first `received_bytes` are kept so far."""

    collection = "uploads"
    unique = (("account", "dataset", "sha256"),)
    indexed = ("account", "expires_at", "is_done")

    account: str
    dataset: str
    filename: str
    caption: str
    size_bytes: int
    sha256: str
    """As announced; checked at the end."""
    received_bytes: int = 0
    parts: tuple[str, ...] = ()
    """Their blobs, in order."""
    is_done: bool = False
    """Taken in, or given up: its quota is given back."""
    expires_at: UtcTime


class SnapshotItem(Value):
    """An item as it was when a job was submitted."""

    item: str
    contributor: str
    sha256: str
    blob_key: str
    content_type: str
    caption: str
    width_px: int
    height_px: int


class Snapshot(Record):
    """The frozen list that a job trains on; its bytes live until no job needs them."""

    collection = "snapshots"
    indexed = ("dataset", "digest", "needs_scrubbing")

    dataset: str
    dataset_name: str
    digest: str
    """SHA-256 of the ordered (sha256, caption) list."""
    items: tuple[SnapshotItem, ...]
    leaving: tuple[str, ...] = ()
    """Accounts that were deleted while a job used this: their captions go when it has ended."""
    needs_scrubbing: bool | None = None


class NearDuplicate(Value):
    """Two items that look alike; distance in differing bits of 64."""

    first: str
    second: str
    distance: int


class Bucket(Value):
    """How many items are trained at one size."""

    width_px: int
    height_px: int
    items: int


class OfferingFit(Value):
    """Whether the dataset fits an offering, and what it would cost with the defaults."""

    offering: str
    name: str
    fits: bool
    reason: str = ""
    steps: int
    steps_per_epoch: int
    """So many of them see each picture once (`repeats` times)."""
    price_points: int
    buckets: tuple[Bucket, ...]
    """At the offering's default resolution, the most frequent first."""


class Report(Value):
    """The free health check of a dataset."""

    dataset: str
    items: int
    total_bytes: int
    uncaptioned: tuple[str, ...]
    near_duplicates: tuple[NearDuplicate, ...]
    near_duplicate_groups: tuple[tuple[str, ...], ...]
    """The same pairs put together: items that look alike, in their order."""
    too_small: tuple[str, ...]
    blurred: tuple[str, ...]
    extreme_aspect: tuple[str, ...]
    offerings: tuple[OfferingFit, ...]
    advice: tuple[str, ...]
