"""Lists by page, the same way for every noun."""

from collections.abc import Mapping
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
    last = items[-1]
    value = getattr(last, order.removeprefix("-"))
    if isinstance(value, datetime):
        value = format_time(value)
    return Page(items, Cursor(value=value, id=last.id))
