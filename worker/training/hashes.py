"""A weights file's hashes, by the names under which sites and programs know it."""

import hashlib
from pathlib import Path
from typing import NamedTuple

_CHUNK_BYTES = 1024 * 1024


class FileHashes(NamedTuple):
    """Lower-case hexadecimal."""

    sha256: str
    """Of the whole file."""
    autov2: str
    """The first ten digits of it."""
    autov3: str
    """The first twelve digits of the hash of what follows the header; a changed description keeps it."""


def compute_hashes(file: Path) -> FileHashes:
    """Hash a safetensors file.

    Source: Civitai's model hashes; addnet_hash_safetensors of kohya's library/train_util.py.
    """
    whole, tensors = hashlib.sha256(), hashlib.sha256()
    with file.open("rb") as source:
        head = source.read(8)
        header = source.read(int.from_bytes(head, "little"))
        whole.update(head)
        whole.update(header)
        while chunk := source.read(_CHUNK_BYTES):
            whole.update(chunk)
            tensors.update(chunk)
    digest = whole.hexdigest()
    return FileHashes(digest, digest[:10], tensors.hexdigest()[:12])
