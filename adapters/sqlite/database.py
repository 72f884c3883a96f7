"""One SQLite file with one writer thread that groups waiting writes into one durable commit."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from core.errors import StorageFullError, UnavailableError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_BUSY_TIMEOUT_MS = 10_000
_MAX_GROUP = 256
_READERS = 2


class SqliteDatabase:
    """The file and its threads. Opened by several processes at once; SQLite's lock orders the writers.

    synchronous=FULL: what a write returned survives a power cut. A group of waiting writes shares
    one commit, each in its own savepoint, so one that fails undoes nothing of the others.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._queue: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_loop, name="sqlite-writer", daemon=True)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def __aenter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._writer.start()
        await self.write(lambda connection: None)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._connections:
            connection.close()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the writer's transaction; when this returns the commit is durable."""
        done: Future[T] = Future()
        self._queue.put((work, done))
        return await asyncio.wrap_future(done)

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a reading connection, which sees every finished write."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, work)

    def _read(self, work: Work[T]) -> T:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        try:
            if connection is None:
                connection = self._local.connection = self._connect()
            return work(connection)
        except sqlite3.Error as error:
            raise translate(error) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        self._connections.append(connection)
        return connection

    def _write_loop(self) -> None:
        connection: sqlite3.Connection | None = None
        while (first := self._queue.get()) is not None:
            group = [first]
            while len(group) < _MAX_GROUP and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    self._queue.put(None)
                    break
                group.append(following)
            try:
                if connection is None:
                    connection = self._connect()
                _commit_group(connection, group)
            except sqlite3.Error as error:
                for _, done in group:
                    if not done.done():
                        done.set_exception(translate(error))


def _commit_group(
    connection: sqlite3.Connection, group: list[tuple[Work[Any], Future[Any]]]
) -> None:
    """Run a group in one transaction; results are handed out only after the commit."""
    results: list[tuple[Future[Any], Any, BaseException | None]] = []
    connection.execute("BEGIN IMMEDIATE")
    try:
        for work, done in group:
            connection.execute("SAVEPOINT one")
            try:
                results.append((done, work(connection), None))
            except Exception as error:  # handed to whoever asked, below
                connection.execute("ROLLBACK TO one")
                failure = translate(error) if isinstance(error, sqlite3.Error) else error
                results.append((done, None, failure))
            connection.execute("RELEASE one")
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    for done, result, failed in results:
        if done.cancelled():
            continue
        if failed is not None:
            done.set_exception(failed)
        else:
            done.set_result(result)


def translate(error: sqlite3.Error) -> Exception:
    """Turn SQLite's errors into the core's."""
    text = str(error)
    if "disk is full" in text or "disk I/O error" in text:
        return StorageFullError(
            "The disk is full; nothing was saved. Free some space and try again."
        )
    if "locked" in text or "busy" in text:
        return UnavailableError("The database is busy; try again in a moment.")
    return UnavailableError(f"The database failed: {text}")
