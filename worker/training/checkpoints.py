"""Checkpoints: written aside, synced, renamed, manifest last; verified before they are trusted.

Every random draw of the recipe follows from (seed, step), so weights, optimiser state and the step
are all that a resume needs to go on bit for bit.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from worker.training.lora import get_weights, set_weights
from worker.training.optimizers import get_state, set_state
from worker.training.state import State, Validation

MANIFEST = "manifest.json"
KEPT = 2


def save_checkpoint(folder: Path, state: State) -> Path:
    """Save what a resume needs and return its folder; the newest two are kept.

    Raises OSError or SafetensorError where it cannot be written; then nothing of it stays.
    """
    place = folder / f"step{state.step:07d}"
    aside = folder / f".unfinished-{state.step}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _write(aside, state)
    except (OSError, SafetensorError):
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(place, ignore_errors=True)
    aside.rename(place)
    for old in sorted(folder.glob("step*"))[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def _write(aside: Path, state: State) -> None:
    aside.mkdir(parents=True)
    tensors, numbers = get_state(state.parameters, state.optimizer)
    save_file(get_weights(state.parameters), aside / "weights.safetensors")
    save_file(tensors, aside / "optimizer.safetensors")
    if state.validation.best_weights:
        save_file(state.validation.best_weights, aside / "best.safetensors")
    known = state.validation
    validation = {
        "best_loss": known.best_loss,
        "best_step": known.best_step,
        "since_best": known.since_best,
    }
    text = json.dumps({"optimizer": numbers, "validation": validation})
    (aside / "state.json").write_text(text)
    files = {file.name: _sync_and_hash(file) for file in sorted(aside.iterdir())}
    manifest = aside / MANIFEST
    manifest.write_text(json.dumps({"step": state.step, "files": files}))
    _sync_and_hash(manifest)


def verify_checkpoint(folder: Path) -> int | None:
    """Return a checkpoint's step when every file is as its manifest says, None otherwise."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        if "state.json" not in manifest["files"]:  # of an older version: begin anew
            return None
        for name, digest in manifest["files"].items():
            if _hash(folder / name) != digest:
                return None
        return int(manifest["step"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def load_checkpoint(folder: Path, state: State) -> bool:
    """Put a checkpoint's state back; False, and nothing changed, when it does not verify."""
    step = verify_checkpoint(folder)
    if step is None:
        return False
    saved = json.loads((folder / "state.json").read_text())
    set_weights(state.parameters, load_file(folder / "weights.safetensors"))
    tensors = load_file(folder / "optimizer.safetensors")
    set_state(state.parameters, state.optimizer, (tensors, saved["optimizer"]))
    best = folder / "best.safetensors"
    weights = load_file(best) if best.exists() else {}
    state.validation = Validation(**saved["validation"], best_weights=weights)
    state.step = step
    return True


def _sync_and_hash(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return _hash(file)


def _hash(file: Path) -> str:
    """Hash a file in pieces: with a whole network it is larger than the memory that is left."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
