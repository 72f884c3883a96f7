"""Keeps base models from the hub within a disk limit: who uses one holds it, and the one unused for longest goes.

Apart from base_models.py, because the worker's parent process trims, and imports no torch for it.
"""

import asyncio
import fcntl
import logging
import os
import shutil
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from huggingface_hub import CacheNotFound, constants, scan_cache_dir

_log = logging.getLogger(__name__)
_MARKS = ".trainyard"
"""A folder in the hub's cache with an empty file for each model that Trainyard has used: its lock, whose
time is that of the last use. What others keep in the cache has none, and is never removed."""
_EVERY_S = 60.0


class Hold:
    """While it lives, in whatever process, the model is not removed."""

    def __init__(self, file: int | None = None) -> None:
        self._end = None if file is None else weakref.finalize(self, os.close, file)

    def release(self) -> None:
        """Let the model be removed; a hold that nobody refers to any more releases itself."""
        if self._end is not None:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def hold(source: str, cache: Path | None = None) -> Hold:
    """Hold a model from the hub before it is fetched or read; what is not the hub's needs none.

    Waits while another process removes it. A cache that cannot be written to is not trimmed either.
    """
    if source.startswith("builtin:") or source.endswith(".safetensors") or Path(source).exists():
        return Hold()
    mark = _find_mark(source, cache or Path(constants.HF_HUB_CACHE))
    try:
        mark.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        _log.warning("the base model %s cannot be held: %s", source, error.strerror)
        return Hold()
    fcntl.flock(file, fcntl.LOCK_SH)
    os.utime(file)
    return Hold(file)


def trim(limit_bytes: int, cache: Path | None = None) -> list[str]:
    """Remove the models unused for longest until the rest fits; return which went. One in use stays."""
    folder = cache or Path(constants.HF_HUB_CACHE)
    try:
        found = scan_cache_dir(folder)
    except (CacheNotFound, ValueError):  # nothing was fetched yet
        return []
    marks = {repo.repo_id: _find_mark(repo.repo_id, folder) for repo in found.repos}
    ours = [r for r in found.repos if r.repo_type == "model" and marks[r.repo_id].exists()]
    total, gone = sum(repo.size_on_disk for repo in ours), list[str]()
    for repo in sorted(ours, key=lambda repo: marks[repo.repo_id].stat().st_mtime_ns):
        if total <= limit_bytes:
            break
        with _alone(marks[repo.repo_id]) as is_alone:
            if is_alone:
                shutil.rmtree(
                    repo.repo_path
                )  # by its place: copies of a model share their revisions
                total -= repo.size_on_disk
                gone.append(repo.repo_id)
                _log.info("the base model %s was removed: unused for longest", repo.repo_id)
    return gone


class BaseModelCache:
    """The hub's cache on this machine as a worker keeps it; 0 bytes is no limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._due_s = 0.0

    async def trim_if_due(self) -> None:
        """Trim, at most once a minute."""
        if self._limit_bytes and time.monotonic() >= self._due_s:
            self._due_s = time.monotonic() + _EVERY_S
            await asyncio.to_thread(trim, self._limit_bytes)


@contextmanager
def _alone(mark: Path) -> Iterator[bool]:
    """Lock a model against being used; False when somebody holds it."""
    file = os.open(mark, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(file)


def _find_mark(source: str, cache: Path) -> Path:
    return cache / _MARKS / source.replace("/", "--")
