"""Reads on the event loop's own thread, for as long as they take microseconds; apart from the threads' reads."""

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_LONGEST_S = 0.002
_ROW_S = 0.001
_STEPS_PER_LOOK = 1000
"""SQLite makes about that many steps in a twentieth of a millisecond."""


class NotAtOnceError(Exception):
    """A read needs a thread: it takes too long, waits for a lock, or failed."""


class AtOnceReader:
    """A connection of the event loop's own.

    Waking a thread takes ten times longer than most reads do, and milliseconds when the cores are
    busy training (docs/benchmarks.md).
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._late_s = self._rested_s = 0.0

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work`, without waiting for any lock. Raises NotAtOnceError; then a thread runs it anew."""
        try:
            if self._connection is None:
                self._connection = self._connect()
                self._connection.execute("PRAGMA busy_timeout=0")
                self._connection.set_progress_handler(self._is_late, _STEPS_PER_LOOK)
            self._late_s = time.monotonic() + _LONGEST_S
            return work(self._connection)
        except sqlite3.Error as error:
            raise NotAtOnceError from error

    def is_turn_over(self) -> bool:
        """Tell whether reads in a row have kept the loop long enough; then the next row begins."""
        now_s = time.monotonic()
        if now_s - self._rested_s < _ROW_S:
            return False
        self._rested_s = now_s
        return True

    def _is_late(self) -> bool:
        return time.monotonic() > self._late_s
