"""What every public model shares: how it is made from a record, times, and lists by page."""

from collections.abc import Callable
from typing import Annotated, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from core.records import Cursor, Page, PageRequest, Record, UtcTime

Time = Annotated[UtcTime, WithJsonSchema({"type": "string", "format": "date-time"})]


class View(BaseModel):
    """Something that the API shows: only the named fields of a record, never the record itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    @classmethod
    def of(cls, record: object) -> Self:
        """Take the named fields from a record."""
        return cls.model_validate(record)


class Form(BaseModel):
    """Something that the API takes: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


V = TypeVar("V", bound=View)
R = TypeVar("R", bound=Record)


class Listing(View, Generic[V]):
    """One page of a list; send `next` as `after` to get the page behind it, null is the end."""

    items: tuple[V, ...]
    next: str | None = None

    @classmethod
    def of(cls, record: object) -> Self:
        """Show a page of records."""
        if not isinstance(record, Page):
            raise TypeError("a listing is made from a page")
        after = record.next.encode() if record.next else None
        return cls.model_validate({"items": record.items, "next": after})

    @classmethod
    def show(cls, page: Page[R], show_one: Callable[[R], V]) -> Self:
        """Show a page of records, each in the way that is given."""
        after = page.next.encode() if page.next else None
        return cls(items=tuple(map(show_one, page.items)), next=after)


class PageQuery(Form):
    """Which page of a list is wanted."""

    limit: int = Field(default=50, ge=1, le=200, description="How many, at most.")
    after: str | None = Field(
        default=None, max_length=500, description="The `next` of the page before."
    )

    def page(self) -> PageRequest:
        """Return the core's request. Raises InvalidError for a cursor that was not made here."""
        after = Cursor.decode(self.after) if self.after else None
        return PageRequest(limit=self.limit, after=after)


class FileView(View):
    """A file that can be downloaded by its name."""

    name: str
    sha256: str
    bytes: int
    content_type: str


class SampleView(View):
    """A picture that a training made at a step, at a fixed seed."""

    step: int
    prompt: str
    file: FileView
