"""What was computed from pictures and captions, kept on disk and mapped into memory, so no two runs compute it."""

import contextlib
import hashlib
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

_SAMPLED = 4096
_LOW_WATER = 0.9


class Cache:
    """Tensors by key in a folder of safetensors files; the least recently used go when it grows too large.

    Several processes may share a folder: files appear whole, and one that is evicted while it is
    mapped stays readable until it is let go.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._held_bytes = sum(size for _, size, _ in self._list())

    def find(self, key: str) -> dict[str, Tensor] | None:
        """Map an entry's tensors into memory; None when there is none or it is torn."""
        file = self._locate(key)
        try:
            with safe_open(file, "pt") as entry:
                tensors = {name: entry.get_tensor(name) for name in entry.keys()}  # noqa: SIM118
            os.utime(file)
        except FileNotFoundError:
            return None
        except (SafetensorError, OSError):
            file.unlink(missing_ok=True)
            return None
        return tensors

    def keep(self, key: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Write an entry aside, move it into its place, and return it as `find` does."""
        whole = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        file, aside = self._locate(key), self._folder / f".{uuid.uuid4().hex}"
        file.parent.mkdir(exist_ok=True)
        try:
            save_file(whole, aside)
            _sync(aside)
            self._held_bytes += aside.stat().st_size
            aside.replace(file)
        except (OSError, SafetensorError):  # a full disk: slower the next time, not wrong
            aside.unlink(missing_ok=True)
            return whole
        found = self.find(key) or whole
        if self._held_bytes > self._limit_bytes:
            self._evict()
        return found

    def _evict(self) -> None:
        """Delete the least recently used entries until a tenth of the limit is free."""
        entries = sorted(self._list(), key=lambda entry: entry[0])
        self._held_bytes = sum(size for _, size, _ in entries)
        for _, size, file in entries:
            if self._held_bytes <= _LOW_WATER * self._limit_bytes:
                return
            file.unlink(missing_ok=True)
            self._held_bytes -= size

    def _list(self) -> list[tuple[float, int, Path]]:
        """List entries as (last use, bytes, file); what another process deletes meanwhile is left out."""
        found = []
        for file in self._folder.glob("*/*.safetensors"):
            with contextlib.suppress(FileNotFoundError):
                stat = file.stat()
                found.append((stat.st_mtime, stat.st_size, file))
        return found

    def _locate(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.safetensors"


def fingerprint(*modules: nn.Module) -> str:
    """Hash what modules compute with: names, shapes, and up to 4096 evenly spread values of each tensor.

    It tells a base model from any other one, fine-tuned ones included, in a fraction of the time
    that hashing gigabytes takes, and wherever the weights came from.
    """
    digest = hashlib.sha256()
    for module in modules:
        for name, tensor in sorted(module.state_dict().items()):
            digest.update(f"{name}|{tensor.dtype}|{tuple(tensor.shape)}".encode())
            values = tensor.detach().flatten()
            sampled = values[:: max(1, values.numel() // _SAMPLED)].cpu().contiguous()
            digest.update(sampled.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:32]


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
