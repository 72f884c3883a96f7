"""What was computed once is mapped, never trusted when torn, and goes when space runs out."""

import os
from pathlib import Path

import pytest
import torch

from tests.worker.training.tasks import make_spec, make_task, train
from worker.training import encoding
from worker.training.cache import Cache, fingerprint

BIG = 10**9


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.safetensors"))


def test_an_entry_is_a_mapped_file_and_takes_no_memory_of_its_own(tmp_path: Path) -> None:
    cache = Cache(tmp_path, BIG)
    kept = cache.keep("one", {"latents": torch.arange(12.0).view(3, 4)})
    found = cache.find("one")
    assert found is not None
    assert torch.equal(found["latents"], kept["latents"])
    (file,) = list_files(tmp_path)
    assert file.name in Path("/proc/self/maps").read_text()
    assert cache.find("another") is None


@pytest.mark.parametrize("left", [0, 7, 60, -1])
def test_a_torn_entry_is_none_and_goes(left: int, tmp_path: Path) -> None:
    cache = Cache(tmp_path, BIG)
    cache.keep("one", {"latents": torch.randn(64)})
    (file,) = list_files(tmp_path)
    body = file.read_bytes()
    file.write_bytes(body[:left])
    assert cache.find("one") is None
    assert list_files(tmp_path) == []


def test_the_least_recently_used_go_when_there_is_no_room(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 12_000)
    for index in range(10):
        cache.keep(f"{index}", {"latents": torch.randn(250)})  # about 1 kB each
        cache.find("0")
        for age, file in enumerate(sorted(list_files(tmp_path), key=lambda f: f.stat().st_mtime)):
            os.utime(file, (age, age))
    for index in range(10, 20):
        cache.keep(f"{index}", {"latents": torch.randn(250)})
    assert sum(file.stat().st_size for file in list_files(tmp_path)) <= 12_000
    assert cache.find("19") is not None
    assert cache.find("1") is None


def test_models_are_told_apart_by_what_they_compute_with() -> None:
    torch.manual_seed(0)
    one, other = torch.nn.Linear(200, 100), torch.nn.Linear(200, 100)
    assert fingerprint(one) != fingerprint(other)
    other.load_state_dict(one.state_dict())
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(other.half())


def test_a_second_training_encodes_nothing_and_makes_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec, cache = make_spec(flip=True), tmp_path / "cache"
    first = train(make_task(tmp_path / "a", spec).model_copy(update={"cache": cache}))
    torn, *_ = list_files(cache)
    torn.write_bytes(torn.read_bytes()[:100])
    second = train(make_task(tmp_path / "b", spec).model_copy(update={"cache": cache}))

    def refuse(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(encoding, "encode_images", refuse)
    monkeypatch.setattr(encoding, "tokenize", refuse)
    third = train(make_task(tmp_path / "c", spec).model_copy(update={"cache": cache}))
    assert first.read_files() == second.read_files() == third.read_files()
    assert len(list_files(cache)) == 5 * 2 + 5 + 1  # views, captions, the empty caption
