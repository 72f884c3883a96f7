"""What every stored record is made of: ids, times, versions, keys and cursors, shared by all nouns."""

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer

from core.errors import ChangedError, InvalidError

T = TypeVar("T")

LAYOUT_VERSION = 3
"""Which Trainyard may open a store; raised when records change so that an older one cannot read them."""

_ID_BYTES = 10
_MAX_CURSOR_CHARACTERS = 300
ID_PATTERN = re.compile(r"[a-z]{2}_[a-z2-7]{16}")
"""What `new_id` makes."""


def new_id(prefix: str) -> str:
    """Make an unguessable id, `<prefix>_` and 16 random base32 characters (80 bits)."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode().lower()}"


def to_utc(value: datetime) -> datetime:
    """Return an aware time as it is stored: in UTC, cut to milliseconds."""
    if value.tzinfo is UTC and value.microsecond % 1000 == 0:
        return value
    if value.tzinfo is None:
        raise ValueError("times must carry a zone")
    value = value.astimezone(UTC)
    beyond = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - beyond) if beyond else value


def format_time(value: datetime) -> str:
    """Write a UTC time so that text order is time order: always three decimals, always Z."""
    return value.isoformat(timespec="milliseconds")[:23] + "Z"


UtcTime = Annotated[
    datetime,
    AfterValidator(to_utc),
    PlainSerializer(format_time, return_type=str, when_used="json"),
]


class Value(BaseModel):
    """A frozen pydantic value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(Value):
    """A document kept whole in a store and changed by compare-and-set on `version`.

    `collection` names the table; `unique` lists keys, each a tuple of field paths that no two
    records share unless one of the fields is null; `indexed` lists the field paths that `find` may use,
    `filtered` those that it may use beside one of the others: they cost a write nothing.
    """

    collection: ClassVar[str]
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()
    indexed: ClassVar[tuple[str, ...]] = ()
    filtered: ClassVar[tuple[str, ...]] = ()

    id: str
    version: int = 0
    created_at: UtcTime
    updated_at: UtcTime

    def changed(self, at: datetime, **fields: object) -> Self:
        """Return a copy with these fields and `updated_at` replaced; `version` stays for the compare-and-set.

        Times are cut to what is stored, so that the copy equals what a store reads back.
        """
        update = {
            name: to_utc(value) if isinstance(value, datetime) else value
            for name, value in {**fields, "updated_at": at}.items()
        }
        return self.model_copy(update=update)


def check_version(record: Record, version: int | None) -> None:
    """Raise ChangedError when the record is not of the version that somebody read; None is any."""
    if version is not None and record.version != version:
        raise ChangedError("Somebody else changed this meanwhile. Load it again, then change it.")


Scalar = str | int | bool | datetime | None


@dataclass(frozen=True)
class OneOf:
    """Matches any of these values."""

    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class NoneOf:
    """Matches any value but these; null never matches."""

    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True)
class Below:
    """Matches values strictly less than this one; null never matches."""

    value: str | int | datetime


@dataclass(frozen=True)
class Above:
    """Matches values strictly greater than this one; null never matches."""

    value: str | int | datetime


Condition = Scalar | OneOf | NoneOf | Below | Above


class Cursor(Value):
    """Where a page ended: the order field's value and the id of the last record."""

    value: str | int | None
    id: str

    def encode(self) -> str:
        raw = json.dumps([self.value, self.id], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read a cursor from a URL. Raises InvalidError when it was not made by `encode`."""
        try:
            if len(text) > _MAX_CURSOR_CHARACTERS:  # also keeps nested JSON from the parser
                raise ValueError("too long")
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            value, id_ = json.loads(raw)
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise ValueError("too large for a store")
            json.dumps([value, id_], ensure_ascii=False).encode()  # no half of a surrogate pair
            return cls(value=value, id=id_)
        except (binascii.Error, ValueError, TypeError) as error:
            raise InvalidError(
                "The page cursor is not valid; start again from the first page."
            ) from error


class PageRequest(Value):
    """Which page of a list is wanted."""

    limit: int = Field(default=50, ge=1, le=200)
    after: Cursor | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list and the cursor of the next, None at the end."""

    items: tuple[T, ...]
    next: Cursor | None = None
