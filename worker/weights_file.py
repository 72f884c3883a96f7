"""A safetensors file as a stranger must read it: every claim of its header checked, and its tensors hashed.

Apart from what loads tensors, so that the parent process and `trainyard verify` need no torch.
"""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import JsonValue

from core.errors import InvalidError
from core.models.statement import hash_canonical

_MAX_HEADER_BYTES = 100_000_000
"""As the library has it."""
_CHUNK_BYTES = 1024 * 1024
_MAX_DIMENSIONS = 32
_METADATA = "__metadata__"
_BITS = {
    **dict.fromkeys(("BOOL", "I8", "U8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}


@dataclass(frozen=True)
class TensorEntry:
    """Where a tensor lies, in bytes from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class WeightsFile:
    """A safetensors file whose header told the truth about its structure."""

    path: Path
    metadata: Mapping[str, str]
    tensors: tuple[TensorEntry, ...]
    """In order of names."""
    data_start: int

    def hash_tensors(self) -> str:
        """Hash names, types, shapes and bytes; the same tensors in another order of bytes hash the same."""
        with self.path.open("rb") as source:
            content: JsonValue = [
                [entry.name, entry.dtype, list(entry.shape), _hash_part(source, entry)]
                for entry in self.tensors
            ]
        return hash_canonical(content)

    def rewrite(self, metadata: Mapping[str, str]) -> None:
        """Replace the metadata; tensors and their order stay. The file is whole at any time."""
        aside = self.path.with_name(f".{self.path.name}.new")
        try:
            with self.path.open("rb") as source, aside.open("wb") as out:
                header = json.loads(source.read(self.data_start)[8:])
                header.pop(_METADATA, None)
                out.write(write_header(header, metadata))
                while chunk := source.read(_CHUNK_BYTES):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            aside.replace(self.path)
        finally:
            aside.unlink(missing_ok=True)


def write_header(tensors: Mapping[str, Any], metadata: Mapping[str, str]) -> bytes:
    """Write length and header, padded to eight bytes, the metadata first and sorted.

    Source: the format's description, github.com/huggingface/safetensors (length, JSON header, data).
    """
    text = json.dumps({_METADATA: dict(sorted(metadata.items())), **tensors}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def open_weights(path: Path) -> WeightsFile:
    """Read a header and check it against the file. Raises InvalidError when any of it is untrue.

    Tensors must fill the file without gap and overlap, so that no byte of it escapes the hash.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as source:
            length = int.from_bytes(source.read(8), "little")
            if size < 8 or length > min(size - 8, _MAX_HEADER_BYTES):
                raise _untrue("it is cut off, or is another kind of file")
            header = _parse(source.read(length))
    except OSError as error:
        raise InvalidError(f"{path} cannot be read: {error.strerror}.") from error
    metadata = header.pop(_METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _untrue("its metadata are not texts")
    entries = [_read_entry(name, entry, 8 + length) for name, entry in header.items()]
    end = 8 + length
    for entry in sorted(entries, key=lambda entry: (entry.start, entry.end)):
        if entry.start != end:
            raise _untrue(f"the tensor {entry.name[:80]} does not begin where the one before ends")
        end = entry.end
    if end != size:
        raise _untrue(f"its tensors end at byte {end}, and the file at byte {size}")
    ordered = tuple(sorted(entries, key=lambda entry: entry.name))
    return WeightsFile(path, metadata, ordered, 8 + length)


def _parse(text: bytes) -> dict[str, Any]:  # JSON: its shape is what is checked next
    def refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) != len(pairs):
            raise _untrue("it names something twice")
        return found

    try:
        header = json.loads(text, object_pairs_hook=refuse_twins)
    except (ValueError, RecursionError) as error:
        raise _untrue("it is no JSON") from error
    if not isinstance(header, dict):
        raise _untrue("it is no JSON object")
    return header


def _read_entry(name: str, entry: object, data_start: int) -> TensorEntry:
    try:
        if not isinstance(entry, dict) or len(entry["shape"]) > _MAX_DIMENSIONS:
            raise TypeError
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        sizes = (*shape, start, end)
        whole = all(type(size) is int and 0 <= size < 2**63 for size in sizes)
        fits = whole and end - start == math.prod(shape) * _BITS[dtype] // 8
    except (KeyError, TypeError, ValueError) as error:
        raise _untrue(f"it does not describe the tensor {name[:80]}") from error
    if not fits:
        raise _untrue(f"the tensor {name[:80]} has not the size that its shape takes")
    return TensorEntry(name, dtype, tuple(shape), data_start + start, data_start + end)


def _hash_part(source: BinaryIO, entry: TensorEntry) -> str:
    digest, left = hashlib.sha256(), entry.end - entry.start
    source.seek(entry.start)
    while left:
        chunk = source.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise _untrue("the file became shorter while it was read")
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _untrue(reason: str) -> InvalidError:
    return InvalidError(f"The header of this safetensors file is not true: {reason}.")
