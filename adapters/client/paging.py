"""Lists that come in pages, read as one."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

from adapters.client.messages import Answer, Listing

A = TypeVar("A", bound=Answer)


class Pages(Generic[A]):
    """A list: `async for entry in pages` fetches page after page, and no page before it is needed."""

    def __init__(
        self, fetch: Callable[[str | None], Awaitable[Listing[A]]], after: str | None
    ) -> None:
        self._fetch = fetch
        self._after = after

    async def first(self) -> Listing[A]:
        """Fetch one page; its `next` is the `after` of the next."""
        return await self._fetch(self._after)

    async def collect(self) -> list[A]:
        """Fetch all of it."""
        return [entry async for entry in self]

    async def __aiter__(self) -> AsyncIterator[A]:
        after = self._after
        while True:
            page = await self._fetch(after)
            for entry in page.items:
                yield entry
            if page.next is None:
                return
            after = page.next
