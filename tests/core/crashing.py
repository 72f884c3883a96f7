"""A process that dies at a chosen write: before it, or after it was stored and before anyone heard."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Generic, TypeVar

from core.ports import Documents
from core.records import Condition, Cursor, Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class CrashError(Exception):
    """The process is dead: nothing it does from here on reaches a store."""


class Fuse:
    """Counts the writes of one process and blows at the n-th one."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._stores_first = False
        self.is_blown = False

    def arm(self, write: int, *, stores_first: bool) -> None:
        """Blow at this write, counted from 1; with `stores_first` what it wrote stays."""
        self._left, self._stores_first = write, stores_first

    def disarm(self) -> None:
        self._left = None

    def check(self) -> None:
        if self.is_blown:
            raise CrashError

    async def write(self, work: Awaitable[T]) -> T:
        if self._left is not None and not self.is_blown:
            self._left -= 1
            self.is_blown = self._left == 0
            if self.is_blown and self._stores_first:
                await work
                raise CrashError
        if self.is_blown:
            work.close()  # type: ignore[attr-defined]  # a coroutine that will never run
            raise CrashError
        return await work


class CrashingDocuments(Generic[R]):
    """Documents of a process with a fuse, over real ones."""

    def __init__(self, documents: Documents[R], fuse: Fuse) -> None:
        self._documents = documents
        self._fuse = fuse

    async def insert(self, record: R) -> R:
        return await self._fuse.write(self._documents.insert(record))

    async def replace(self, record: R) -> R:
        return await self._fuse.write(self._documents.replace(record))

    async def delete(self, record: R) -> None:
        await self._fuse.write(self._documents.delete(record))

    async def get(self, id: str) -> R:
        self._fuse.check()
        return await self._documents.get(id)

    async def find(
        self,
        where: Mapping[str, Condition],
        *,
        order: str = "id",
        limit: int = 1000,
        after: Cursor | None = None,
    ) -> list[R]:
        self._fuse.check()
        return await self._documents.find(where, order=order, limit=limit, after=after)

    async def count(self, where: Mapping[str, Condition]) -> int:
        self._fuse.check()
        return await self._documents.count(where)

    async def sum(self, field: str, where: Mapping[str, Condition]) -> int:
        self._fuse.check()
        return await self._documents.sum(field, where)


class Interrupter:
    """Cancels a task while the answers to chosen store operations, counted from 1, are under way."""

    def __init__(self) -> None:
        self._task: asyncio.Task[object] | None = None
        self._at: tuple[int, ...] = ()
        self.seen = 0

    def watch(self, task: asyncio.Task[object], *at: int) -> None:
        self._task, self._at, self.seen = task, at, 0

    async def answer(self) -> None:
        self.seen += 1
        if self._task is not None and self.seen in self._at:
            self._task.cancel()
        await asyncio.sleep(0.001)


class InterruptedDocuments(CrashingDocuments[R]):
    """Documents whose answers an Interrupter holds up: what was written is stored by then."""

    def __init__(self, documents: Documents[R], interrupter: Interrupter) -> None:
        super().__init__(documents, Fuse())
        self._interrupter = interrupter

    async def insert(self, record: R) -> R:
        stored = await super().insert(record)
        await self._interrupter.answer()
        return stored

    async def replace(self, record: R) -> R:
        stored = await super().replace(record)
        await self._interrupter.answer()
        return stored

    async def get(self, id: str) -> R:
        await self._interrupter.answer()
        return await super().get(id)


def with_interrupter(interrupter: Interrupter) -> Any:  # fits every Documents, whatever its records
    """Return a wrapper for `open_yard`."""
    return lambda documents: InterruptedDocuments(documents, interrupter)


def with_fuse(fuse: Fuse) -> Any:  # fits every Documents, whatever its records
    """Return a wrapper for `open_yard`."""
    return lambda documents: CrashingDocuments(documents, fuse)
