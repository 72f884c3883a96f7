"""Pictures from this machine's folders: paths and patterns in, streams out; a path is its own reference."""

import asyncio
import glob
import shlex
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from bots.dialog import Picture
from core.errors import NotFoundError

_CHUNK_BYTES = 256 * 1024
MAX_FILES = 200
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".avif", ".zip"})


def find_pictures(texts: Iterable[str], folder: Path) -> list[Picture]:
    """Find the files that paths, folders and patterns name, in order. Raises NotFoundError for none.

    A folder stands for the pictures in it; a relative path begins at `folder`.
    """
    found: list[Path] = []
    for text in texts:
        place = folder / Path(text).expanduser()
        if place.is_dir():
            inside = sorted(f for f in place.iterdir() if f.suffix.lower() in SUFFIXES)
        else:
            inside = [Path(name) for name in sorted(glob.glob(str(place)))]
        files = [file for file in inside if file.is_file()]
        if not files:
            raise NotFoundError(f"There is no picture at {text}.")
        found += files
    return [open_picture(file.name, str(file.resolve())) for file in found[:MAX_FILES]]


def looks_like_pictures(line: str, folder: Path) -> list[str]:
    """Return the words of a line when each of them is a picture, a folder or a pattern; else nothing."""
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    return words if words and all(_is_place(word, folder) for word in words) else []


def _is_place(word: str, folder: Path) -> bool:
    path = folder / Path(word).expanduser()
    try:
        is_picture = path.suffix.lower() in SUFFIXES and bool(glob.glob(str(path)))
        return (
            is_picture
            or ("/" in word and not word.startswith("/") and path.is_dir())
            or (word.startswith("/") and word.count("/") > 1 and path.is_dir())
        )
    except OSError:  # longer than a path can be
        return False


def open_picture(filename: str, reference: str) -> Picture:
    """Make a picture of a file; it is opened when its bytes are wanted."""

    async def read() -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(open, reference, "rb")
        except OSError as error:
            raise NotFoundError(f"{filename} cannot be read any more.") from error
        with file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk

    return Picture(filename=filename, open=read, reference=reference)
