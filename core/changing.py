"""Changing and deleting records whatever else changes them at the same time."""

from collections.abc import Callable
from typing import TypeVar

from core.errors import NotFoundError, StaleError
from core.ports import Documents
from core.records import Record

R = TypeVar("R", bound=Record)


async def change_anyway(documents: Documents[R], record: R, change: Callable[[R], R]) -> None:
    """Store what `change` makes of a record, made anew of what another one stored meanwhile.

    A record that is gone, or that it leaves as it is, is left alone."""
    found: R | None = record
    while found is not None and (changed := change(found)) != found:
        try:
            await documents.replace(changed)
            return
        except StaleError:
            found = await _read_again(documents, record)


async def delete_anyway(documents: Documents[R], record: R) -> None:
    """Delete a record even if it is used at the same time."""
    found: R | None = record
    while found is not None:
        try:
            await documents.delete(found)
            return
        except StaleError:
            found = await _read_again(documents, record)


async def _read_again(documents: Documents[R], record: R) -> R | None:
    """Read a record as it is now; None: it is gone."""
    try:
        return await documents.get(record.id)
    except NotFoundError:
        return None
