"""Work that must reach its end although its caller is cancelled; apart because asyncio cancels inside clean-ups too."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish_anyway(work: Coroutine[Any, Any, T]) -> T:
    """Run this to its end and return its result, however often the caller is cancelled meanwhile.

    A cancellation is not lost: it is raised once the work has ended. So after this nothing of the
    work is under way, and what it did can be looked at or undone.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at, so that asyncio does not report it as lost
    raise cancelled
