"""Checkpoints: written aside, synced, renamed, manifest last; verified before they are trusted.

Every random draw of the recipe follows from (seed, step), so weights, optimiser state and the step
are all that a resume needs to go on bit for bit.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from worker.training.lora import get_weights, set_weights

MANIFEST = "manifest.json"
KEPT = 2


def save_checkpoint(
    folder: Path,
    step: int,
    parameters: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
) -> Path:
    """Save what a resume at `step` needs and return its folder; the newest two are kept."""
    place = folder / f"step{step:07d}"
    aside = folder / f".unfinished-{step}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    save_file(get_weights(parameters), aside / "weights.safetensors")
    save_file(_get_optimizer_state(parameters, optimizer), aside / "optimizer.safetensors")
    files = {file.name: _sync_and_hash(file) for file in sorted(aside.iterdir())}
    manifest = aside / MANIFEST
    manifest.write_text(json.dumps({"step": step, "files": files}))
    _sync_and_hash(manifest)
    shutil.rmtree(place, ignore_errors=True)
    aside.rename(place)
    for old in sorted(folder.glob("step*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def verify_checkpoint(folder: Path) -> int | None:
    """Return a checkpoint's step when every file is as its manifest says, None otherwise."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        for name, digest in manifest["files"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                return None
        return int(manifest["step"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def load_checkpoint(
    folder: Path, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> int:
    """Put a checkpoint's state back and return its step, 0 when it does not verify."""
    step = verify_checkpoint(folder)
    if step is None:
        return 0
    set_weights(parameters, load_file(folder / "weights.safetensors"))
    state = load_file(folder / "optimizer.safetensors")
    for name, parameter in parameters.items():
        prefix = f"{name}|"
        optimizer.state[parameter] = {
            key.removeprefix(prefix): value
            for key, value in state.items()
            if key.startswith(prefix)
        }
    return step


def _get_optimizer_state(
    parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer
) -> dict[str, Tensor]:
    return {
        f"{name}|{key}": value.detach().contiguous()
        for name, parameter in parameters.items()
        for key, value in optimizer.state[parameter].items()
    }


def _sync_and_hash(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return hashlib.sha256(file.read_bytes()).hexdigest()
