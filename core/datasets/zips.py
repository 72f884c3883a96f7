"""What a zip of pictures and captions holds, read without unpacking it anywhere.

A zip is trusted in nothing: not in its names, its sizes, nor in how its entries lie. What is wrong
with one entry is said of that entry; the others are taken.
"""

import json
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

from core.errors import InvalidError, RefusedError, TooLargeError

MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_ENTRIES = 10_000
_MAX_LINES_BYTES = 16 * 1024**2
MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip begins, and how an empty one does."""
_LOCAL_HEADER_BYTES = 30
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"})
_CAPTIONS = "captions.jsonl"


@dataclass
class Plan:
    """What a zip holds: pictures in order, captions by stem and by name, and what is wrong."""

    pictures: list[zipfile.ZipInfo] = field(default_factory=list)
    texts: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    lines: zipfile.ZipInfo | None = None
    refused: list[tuple[str, RefusedError]] = field(default_factory=list)


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InvalidError(
            f"This zip is damaged: {error}. Make it anew and send it again."
        ) from error


def make_plan(entries: Sequence[zipfile.ZipInfo]) -> Plan:
    """Sort entries out. Raises TooLargeError, and InvalidError for entries that lie over one another."""
    if len(entries) > MAX_ENTRIES:
        raise TooLargeError(f"A zip holds at most {MAX_ENTRIES} files; send it in parts.")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        most = MAX_UNPACKED_BYTES // 1024**3
        raise TooLargeError(f"Unpacked, a zip holds at most {most} GiB; send it in parts.")
    _check_places(entries)
    plan, seen = Plan(), set[str]()
    for entry in entries:
        path = PurePosixPath(entry.filename)
        is_hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts if part != "..")
        if entry.is_dir() or is_hidden:
            continue
        problem = _find_problem(entry, seen)
        seen.add(entry.filename)
        if problem is not None:
            plan.refused.append((path.name[:200], problem))
        elif path.suffix.lower() in SUFFIXES:
            plan.pictures.append(entry)
        elif path.suffix.lower() == ".txt":
            plan.texts[name_stem(entry.filename)] = entry
        elif path.name == _CAPTIONS:
            plan.lines = entry
        else:
            words = "From a zip only pictures and their captions in .txt files are taken."
            plan.refused.append((path.name[:200], InvalidError(words)))
    return plan


def _check_places(entries: Sequence[zipfile.ZipInfo]) -> None:
    """Raise InvalidError when one piece of the file is to be unpacked more than once.

    Source: Fifield 2019, "A better zip bomb": entries that overlap.
    """
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise InvalidError("The files in this zip lie over one another; make it anew.")
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size


def _find_problem(entry: zipfile.ZipInfo, seen: set[str]) -> InvalidError | None:
    name = entry.filename
    if name.startswith("/") or ".." in PurePosixPath(name).parts or "\\" in name or ":" in name:
        return InvalidError("Its name leads out of the zip.")
    if name in seen:
        return InvalidError("There are two files of this name in the zip.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return InvalidError("It is a link, not a file.")
    if entry.flag_bits & 1:
        return InvalidError("It is encrypted; make the zip without a password.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return InvalidError("It is compressed in an unusual way; make an ordinary zip.")
    return None


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, cap_bytes: int) -> bytes:
    """Unpack one entry, no more of it than the cap and one byte."""
    try:
        with archive.open(entry) as file:
            data = file.read(cap_bytes + 1)
    except (
        Exception
    ) as error:  # zipfile raises what its decoders raise: zlib.error, EOFError and more
        raise InvalidError(
            f"This zip is damaged: {error}. Make it anew and send it again."
        ) from error
    if len(data) > cap_bytes:
        raise TooLargeError(f"It is larger than {cap_bytes // 1024} KiB.")
    return data


def read_captions(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo | None
) -> dict[str, dict[str, str]]:
    """Read every caption set of an export, by file; what is no such line is left out."""
    if entry is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for line in decode_text(read_entry(archive, entry, _MAX_LINES_BYTES)).splitlines():
        for name, captions in _parse_line(line):
            found[name] = captions
    return found


def _parse_line(line: str) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        said = json.loads(line)
        captions = {str(key): str(value) for key, value in said["captions"].items()}
        yield str(said["file"]), captions
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return


def decode_text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise InvalidError("This caption is not UTF-8 text; save it as UTF-8.") from error


def name_stem(filename: str) -> str:
    return str(PurePosixPath(filename).with_suffix(""))
