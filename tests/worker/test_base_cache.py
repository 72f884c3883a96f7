"""The hub's cache stays within its limit: the model unused for longest goes, and never one that somebody uses."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from worker.base_cache import hold, trim
from worker.tiny_sd import WEIGHTS_FOLDER

ROOT = Path(__file__).resolve().parents[2]
HOLD = "from worker.base_cache import hold; held = hold({source!r})"
LOAD = """
from core.offerings.records import BaseModel
from worker.base_models import load_base
base = load_base(BaseModel(id="small", name="Small", family="tiny", source={source!r}))
"""
WAIT = "\nprint('held', flush=True); input()"
COMMIT = "c" * 40


def fetch(cache: Path, source: str, size_bytes: int = 1000) -> Path:
    """Put a model into the cache as the hub's client does; return its snapshot."""
    repo = cache / f"models--{source.replace('/', '--')}"
    for part in ("blobs", "refs", f"snapshots/{COMMIT}"):
        (repo / part).mkdir(parents=True)
    (repo / "refs/main").write_text(COMMIT)
    (repo / "blobs/b1").write_bytes(b"x" * size_bytes)
    (repo / f"snapshots/{COMMIT}/unet.bin").symlink_to("../../blobs/b1")
    return repo / "snapshots" / COMMIT


def use(cache: Path, source: str) -> None:
    hold(source, cache).release()


@contextmanager
def another_process(cache: Path, script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script that holds a model until its input ends, and say when it does."""
    environment = {**os.environ, "HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", script + WAIT],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == "held\n", said
        yield process
        process.communicate("\n")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Three models of 1,000 bytes, used one after another, and one that somebody else fetched."""
    for name in ("a", "b", "c", "somebodys"):
        fetch(tmp_path, f"org/{name}")
    for second, name in enumerate(("b", "a", "c")):
        use(tmp_path, f"org/{name}")
        os.utime(tmp_path / ".trainyard" / f"org--{name}", (second, second))
    return tmp_path


def test_the_model_unused_for_longest_goes_until_the_rest_fits(cache: Path) -> None:
    assert trim(3000, cache) == []
    assert trim(2999, cache) == ["org/b"]
    assert trim(1000, cache) == ["org/a"]
    assert sorted(place.name for place in cache.glob("models--*")) == [
        "models--org--c",
        "models--org--somebodys",
    ]


def test_what_trainyard_never_used_is_never_removed(cache: Path) -> None:
    assert trim(0, cache) == ["org/b", "org/a", "org/c"]
    assert (cache / "models--org--somebodys").exists()


def test_a_model_that_is_used_again_is_kept_longer(cache: Path) -> None:
    use(cache, "org/b")
    assert trim(2000, cache) == ["org/a"]


def test_a_model_that_another_process_uses_is_never_removed(cache: Path) -> None:
    with another_process(cache, HOLD.format(source="org/b")) as holder:
        assert trim(0, cache) == ["org/a", "org/c"]
        assert (cache / "models--org--b/blobs/b1").exists()
        holder.kill()
        holder.wait()
        assert trim(0, cache) == ["org/b"], "a process that was killed holds nothing"


def test_a_base_model_is_held_for_as_long_as_it_is_loaded(tmp_path: Path) -> None:
    snapshot = fetch(tmp_path, "org/tiny")
    for file in WEIGHTS_FOLDER.rglob("*"):
        if file.is_file():
            place = snapshot / file.relative_to(WEIGHTS_FOLDER)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(file)
    script = LOAD.format(source="org/tiny")
    with another_process(tmp_path, script) as loader:
        assert trim(0, tmp_path) == []
        loader.kill()
        loader.wait()
    let_go = script + "del base\n"
    with another_process(tmp_path, let_go):
        assert trim(0, tmp_path) == ["org/tiny"]


def test_what_is_not_from_the_hub_needs_no_hold(tmp_path: Path) -> None:
    hold(str(tmp_path), tmp_path).release()
    hold("builtin:tiny_sd", tmp_path).release()
    assert not (tmp_path / ".trainyard").exists()
    assert trim(0, tmp_path / "none") == []
