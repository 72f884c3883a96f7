"""A body on its way to the store: its hash must be known before the first byte is sent, in a header."""

import base64
import errno
import hashlib
import io
import tempfile
import threading
from types import TracebackType
from typing import Self

from core.errors import StorageFullError

SMALL_BYTES = 8 * 1024 * 1024
"""Up to here a body stays in memory; beyond, it is a file that has no name."""


class Spool:
    """Takes a body chunk by chunk, then gives any part of it; every method blocks."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=SMALL_BYTES)  # noqa: SIM115  # __exit__
        self._lock = threading.Lock()
        self._digest = hashlib.sha256()
        self.bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def add(self, chunk: bytes) -> None:
        """Take the next bytes. Raises StorageFullError when this machine's disk is full."""
        try:
            self._file.write(chunk)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise StorageFullError(
                "No space is left to keep this file on its way; nothing was saved. Try again later."
            ) from error
        self._digest.update(chunk)
        self.bytes += len(chunk)

    def read(self, start: int, count: int) -> tuple[io.BytesIO, str]:
        """Return a part as a stream that can be sent again, and its MD5 as S3 wants it."""
        with self._lock:
            self._file.seek(start)
            part = self._file.read(count)
        digest = hashlib.md5(part, usedforsecurity=False).digest()
        return io.BytesIO(part), base64.b64encode(digest).decode()
