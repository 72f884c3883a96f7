"""Lists by page, the same way for every noun; and whole lists, page by page, for the core's own duties."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TypeVar

from core.ports import Documents
from core.records import Condition, Cursor, Page, PageRequest, Record, format_time

R = TypeVar("R", bound=Record)


async def list_page(
    documents: Documents[R], where: Mapping[str, Condition], order: str, page: PageRequest
) -> Page[R]:
    """Return one page in `order` and the cursor behind its last record, None at the end."""
    found = await documents.find(where, order=order, limit=page.limit + 1, after=page.after)
    items = tuple(found[: page.limit])
    if len(found) <= page.limit:
        return Page(items)
    return Page(items, cursor_behind(items[-1], order))


async def iterate(
    documents: Documents[R],
    where: Mapping[str, Condition],
    order: str = "id",
    *,
    page_size: int = 500,
) -> AsyncIterator[R]:
    """Yield every matching record in `order`, holding one page of them at a time.

    Not a snapshot: what is written meanwhile may or may not be met, but no record is met twice
    unless its place in the order moved.
    """
    after: Cursor | None = None
    while True:
        found = await documents.find(where, order=order, limit=page_size, after=after)
        for record in found:
            yield record
        if len(found) < page_size:
            return
        after = cursor_behind(found[-1], order)


def cursor_behind(record: Record, order: str) -> Cursor:
    """Return where a list in this order goes on after this record."""
    value = getattr(record, order.removeprefix("-"))
    if isinstance(value, datetime):
        value = format_time(value)
    return Cursor(value=value, id=record.id)
