"""The ports of the core on one page, but for those of platforms.py; an adapter is a class that keeps one of them.

Contracts hold for every adapter and are checked by one suite a port in tests/contracts/.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from pydantic import JsonValue

from core.records import Condition, Cursor, Record, Value

R = TypeVar("R", bound=Record)


class Clock(Protocol):
    """The only source of time for the core."""

    def now(self) -> datetime:
        """Return the aware UTC time."""
        ...


class Documents(Protocol[R]):
    """One kind of record, kept whole; each method is atomic and durable when it returns.

    Only fields named in the record class's `unique`, `indexed` or `filtered`, `id` and `created_at`
    may stand in `where` and `order`; others raise ValueError, a programming error.
    """

    async def insert(self, record: R) -> R:
        """Store a new record and return it with version 1. Raises AlreadyExistsError naming the key
        (`"id"`, or the unique tuple's fields joined by a comma); then nothing was stored."""
        ...

    async def get(self, id: str) -> R:
        """Return the record. Raises NotFoundError."""
        ...

    async def replace(self, record: R) -> R:
        """Store a changed record when its version is still the stored one, and return it with
        version + 1. Raises StaleError (also when it was deleted) or AlreadyExistsError."""
        ...

    async def delete(self, record: R) -> None:
        """Remove the record when its version is still the stored one. Raises StaleError when it
        moved; removing what is gone already succeeds."""
        ...

    async def find(
        self,
        where: Mapping[str, Condition],
        *,
        order: str = "id",
        limit: int = 1000,
        after: Cursor | None = None,
    ) -> list[R]:
        """Return matching records in `order` (a field, `-` before it for descending; ties by id in the
        same direction), at most `limit` of them, those behind `after` when it is given."""
        ...

    async def count(self, where: Mapping[str, Condition]) -> int:
        """Return how many records match."""
        ...

    async def sum(self, field: str, where: Mapping[str, Condition]) -> int:
        """Return the sum of an indexed integer field over the matching records, 0 for none."""
        ...


class BlobInfo(Value):
    """What is known of a stored blob without reading it."""

    key: str
    bytes: int
    content_type: str
    sha256: str


class Blobs(Protocol):
    """Bytes by key. Keys are `/`-joined segments of [A-Za-z0-9._-], never starting with a dot."""

    async def put(
        self, key: str, body: AsyncIterator[bytes], *, content_type: str, if_absent: bool = False
    ) -> BlobInfo:
        """Store the stream; it becomes visible whole or not at all. With `if_absent`, raises
        AlreadyExistsError when the key is taken and leaves what is there. Raises StorageFullError."""
        ...

    async def info(self, key: str) -> BlobInfo:
        """Describe the blob. Raises NotFoundError."""
        ...

    def read(self, key: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """Yield the bytes from `start`. Raises NotFoundError before the first chunk."""
        ...

    async def delete(self, key: str) -> None:
        """Remove the blob; removing what is gone succeeds."""
        ...

    def list(self, prefix: str) -> AsyncIterator[str]:
        """Yield the keys that start with `prefix`, in order."""
        ...

    async def find_address(self, key: str, *, content_type: str, save_as: str) -> str | None:
        """Make an address from which whoever has it saves the blob as a file of this name, for some
        minutes; None when the store has none to give. The blob is not looked for."""
        ...


class Wakeups(Protocol):
    """Tells some worker to look for work; losing one delays a job and never loses it."""

    async def wake(self, job_id: str, attempt: int, kind: str) -> None:
        """Nudge a worker that takes this kind of job; the same (job, attempt) twice may wake once.
        Raises UnavailableError."""
        ...

    async def check(self) -> None:
        """Raise UnavailableError unless the queue can be reached."""
        ...


class Event(Value):
    """Something that just happened, for people who are watching; never the truth, always repeatable."""

    topic: str
    kind: str
    data: dict[str, JsonValue]


class Events(Protocol):
    """At-most-once broadcast between processes."""

    async def publish(self, event: Event) -> None:
        """Send to whoever listens now; when the transport is down the event is dropped and logged."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Listen to a topic: events published after the context was entered are yielded in order.
        A listener that falls behind loses the oldest events, never memory."""
        ...


class NormalisedImage(Value):
    """A picture as Trainyard keeps it: upright, sRGB, without metadata."""

    body: bytes
    content_type: str
    thumbnail: bytes
    """WebP, at most 320 px on the longer side."""
    width_px: int
    height_px: int
    sha256: str
    """Of `body`, lower-case hex."""
    perceptual_hash: str
    """64-bit DCT hash as 16 hex digits; Hamming distance measures likeness."""
    sharpness: float
    """Variance of the Laplacian of the thumbnail's grey values (0-255 scale); low means blurred."""


class Images(Protocol):
    """Turns untrusted bytes into a NormalisedImage in a process that can be killed."""

    async def normalise(self, body: bytes) -> NormalisedImage:
        """Decode, turn upright, convert to sRGB, strip, re-encode. Same bytes give the same result.
        Raises UnreadableImageError with words for the person, UnavailableError when overloaded."""
        ...


class Fetcher(Protocol):
    """Fetches files from the public web."""

    def fetch(self, url: str) -> AsyncIterator[bytes]:
        """Yield what is at a public web address; the caller caps it. Raises InvalidError for what is no
        such address, UnreadableImageError in the same words whatever kept it from being fetched."""
        ...


class SheetTile(Value):
    """One picture of a contact sheet and the short text beneath it."""

    body: bytes
    label: str


class DrawnPicture(Value):
    """A picture that Trainyard drew."""

    body: bytes
    content_type: str
    width_px: int
    height_px: int


class Drawings(Protocol):
    """Draws pictures for people, in a process that can be killed: tiles are decoded for it."""

    async def draw_sheet(self, tiles: Sequence[SheetTile]) -> DrawnPicture:
        """Draw one to 24 pictures in rows, labelled; a tile that cannot be decoded is left empty.
        Raises UnavailableError when overloaded."""
        ...

    async def draw_curve(self, points: Sequence[tuple[float, float]]) -> DrawnPicture:
        """Draw two or more (x, y) points as a line with the least and greatest of both axes.
        Raises UnavailableError when overloaded."""
        ...


class Signer(Protocol):
    """Signs in the name of this instance; the private key never leaves it."""

    @property
    def public_key(self) -> str:
        """The Ed25519 public key that signatures are checked with, 64 hexadecimal digits."""
        ...

    def sign(self, message: bytes) -> str:
        """Return the signature, 128 hexadecimal digits; the same message has the same signature."""
        ...
