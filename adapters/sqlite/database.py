"""One SQLite file with one writer thread that groups waiting writes into one durable commit."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from adapters.sqlite.at_once import AtOnceReader, NotAtOnceError
from adapters.sqlite.schema import claim_schema
from core.endings import finish_anyway
from core.errors import StorageFullError, UnavailableError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]
_Waiting = tuple[Work[Any], Future[Any]]

_BUSY_TIMEOUT_MS = 10_000
_CHECKPOINT_PAGES = 4000
"""16 MB of log before it is copied into the file: a commit touches a page of every index."""
_MAX_GROUP = 256
_READERS = 2
_CLOSED = "The database is closed."


class SqliteDatabase:
    """The file and its threads. Opened by several processes at once; SQLite's lock orders the writers.

    synchronous=FULL: what a write returned survives a power cut. A group of waiting writes shares
    one commit, each in its own savepoint, so one that fails undoes nothing of the others.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_loop, name="sqlite-writer", daemon=True)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="sqlite-reader")
        self._local = threading.local()
        self._at_once = AtOnceReader(self._connect)
        self._connections: list[sqlite3.Connection] = []
        self._door = threading.Lock()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        """Open the file. Raises RefusedError when a newer Trainyard wrote it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._writer.start()
        try:
            await self.write(claim_schema)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def write(self, work: Work[T]) -> T:
        """Run `work` in the writer's transaction; when this returns the commit is durable.

        `work` may run twice, when the group it was in could not be committed. A caller that is
        cancelled takes a waiting write back, and waits for one that has begun: whichever way it
        went, nothing is written behind its back afterwards.
        """
        done: Future[T] = Future()
        with self._door:  # nothing is put behind the mark that ends the writer
            if self._is_closed:
                raise UnavailableError(_CLOSED)
            self._queue.put((work, done))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            if not done.cancel():
                await finish_anyway(_settled(asyncio.wrap_future(done)))
            raise

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a reading connection, which sees every finished write; it may run twice."""
        reading: Awaitable[T]
        with self._door:
            if self._is_closed:
                raise UnavailableError(_CLOSED)
            try:
                result = self._at_once.read(work)
                if not self._at_once.is_turn_over():
                    return result
                reading = asyncio.sleep(0, result)
            except NotAtOnceError:
                loop = asyncio.get_running_loop()
                reading = loop.run_in_executor(self._readers, self._read, work)
        return await reading

    async def _close(self) -> None:
        """Do what was asked for until now, then end the threads."""
        with self._door:
            if not self._is_closed:
                self._is_closed = True
                self._queue.put(None)
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._readers.shutdown)
        for connection in self._connections:
            connection.close()

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
        self._connections.append(connection)
        connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        _enter_wal(connection)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
        return connection

    def _write_loop(self) -> None:
        """Take what waits, commit it together, answer. No failure of a write ends this thread."""
        connection: sqlite3.Connection | None = None
        while (group := _take_group(self._queue)) is not None:
            wanted = [entry for entry in group if entry[1].set_running_or_notify_cancel()]
            try:
                if connection is None:
                    connection = self._connect()
            except sqlite3.Error as error:
                for _, done in wanted:
                    done.set_exception(translate(error))
                continue
            _write_group(connection, wanted)


async def _settled(waiting: "asyncio.Future[Any]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.wait([waiting])
        waiting.exception()


def _take_group(waiting: "queue.SimpleQueue[_Waiting | None]") -> list[_Waiting] | None:
    """Wait for a write and take those that wait behind it; None once the end was reached."""
    first = waiting.get()
    if first is None:
        return None
    group = [first]
    while len(group) < _MAX_GROUP and not waiting.empty():
        following = waiting.get()
        if following is None:
            waiting.put(None)  # nothing can have come behind it
            break
        group.append(following)
    return group


def _write_group(connection: sqlite3.Connection, group: list[_Waiting]) -> None:
    """Commit a group and answer each of it; when it cannot be committed, each write for itself.

    So a full disk or one write that is too large is the failure of the writes that need the space.
    """
    try:
        results = _commit_group(connection, [work for work, _ in group])
    except Exception as error:  # handed to whoever asked: the writer must live on
        if len(group) > 1:
            for entry in group:
                _write_group(connection, [entry])
            return
        failed = translate(error) if isinstance(error, sqlite3.Error) else error
        results = [(None, failed)] * len(group)
    for (_, done), (result, failure) in zip(group, results, strict=True):
        if failure is not None:
            done.set_exception(failure)
        else:
            done.set_result(result)


def _commit_group(
    connection: sqlite3.Connection, group: list[Work[Any]]
) -> list[tuple[Any, Exception | None]]:
    """Run a group in one transaction; return what came of each. Raises when nothing was committed."""
    results: list[tuple[Any, Exception | None]] = []
    is_alone = len(group) == 1  # the transaction is its savepoint, which saves two statements
    connection.execute("BEGIN IMMEDIATE")
    try:
        for work in group:
            if not is_alone:
                connection.execute("SAVEPOINT one")
            try:
                results.append((work(connection), None))
            except Exception as error:  # handed to whoever asked; the others go on
                if not connection.in_transaction:  # a full disk ends the whole transaction
                    raise
                connection.execute("ROLLBACK" if is_alone else "ROLLBACK TO one")
                failure = translate(error) if isinstance(error, sqlite3.Error) else error
                results.append((None, failure))
            if not is_alone:
                connection.execute("RELEASE one")
        if connection.in_transaction:
            connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return results


_FULL = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)
"""Full disks, spent quotas and file size limits; a dying disk looks the same and needs the same care."""


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Keep a log; two that open a new file at once are refused at once, whatever busy_timeout says."""
    until_s = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until_s:
                raise
        time.sleep(0.01)


def translate(error: sqlite3.Error) -> Exception:
    """Turn SQLite's errors into the core's."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _FULL:
        return StorageFullError(
            "The disk is full; nothing was saved. Free some space and try again."
        )
    if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return UnavailableError("The database is busy; try again in a moment.")
    return UnavailableError(f"The database failed: {error}")
