"""A disk that is full at one place where a process writes, for a while from its first write there on."""

import errno
import os
import time
from dataclasses import dataclass
from typing import Any

from adapters import files
from tests.faults import painting

FULL_S = 1.5


@dataclass(frozen=True)
class Site:
    """A function through which every write of a kind goes."""

    place: Any  # a module or a class
    name: str


SITES = {
    "disk full: body of a blob": Site(files._Draft, "add"),
    "disk full: sync of a blob": Site(files._Draft, "describe"),
    "disk full: name of a blob": Site(files, "_publish"),
    "disk full: scratch": Site(painting, "_paint"),
}


def fill_disk(site: Site) -> None:
    """Let every write at this site fail for a while."""
    write = getattr(site.place, site.name)
    since_s = 0.0

    def refuse(*args: Any, **kwargs: Any) -> Any:  # stands for any of them
        nonlocal since_s
        since_s = since_s or time.monotonic()
        if time.monotonic() - since_s < FULL_S:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(*args, **kwargs)

    setattr(site.place, site.name, refuse)
