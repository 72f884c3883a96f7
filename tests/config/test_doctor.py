"""The doctor uses each dependency, and says what to do about each that fails."""

import os
from pathlib import Path

import pytest

from config.doctor import examine
from config.settings import Settings


async def test_an_instance_that_is_well_has_nothing_to_do(settings: Settings) -> None:
    settings.data_folder.mkdir(parents=True)
    found = {finding.what: finding for finding in await examine(settings)}
    assert [what for what, finding in found.items() if not finding.is_well] == []
    assert {"data folder", "signing key", "offerings", "base models", "worker"} <= found.keys()
    for used in ("database", "blobs", "redis"):
        assert found[used].text == "used just now, and well"


async def test_what_is_wrong_is_said_with_what_to_do_and_hides_nothing_else(
    settings: Settings,
) -> None:
    settings.data_folder.mkdir(parents=True)
    await examine(settings)  # makes the key
    os.chmod(settings.signing_key_file, 0o644)
    wrong = settings.model_copy(
        update={
            "redis_url": type(settings.redis_url)("redis://127.0.0.1:1"),
            "keep_free_bytes": 2**60,
        }
    )
    found = {finding.what: finding for finding in await examine(wrong)}
    assert "TRAINYARD_REDIS_URL" in found["redis"].advice
    assert found["signing key"].advice.startswith("Others can read it: chmod 600")
    assert "free space" in found["data folder"].advice
    assert found["database"].is_well and found["blobs"].is_well


async def test_a_gpu_that_torch_cannot_use_is_said(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that names a GPU is not enough: a build of torch for the CPU would train on that, slowly."""
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho '0, GPU-1, NVIDIA L4, 23034, 22000'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-1")  # hides a real one from torch
    settings.data_folder.mkdir(parents=True)
    (worker,) = (finding for finding in await examine(settings) if finding.what == "worker")
    assert "NVIDIA L4 (24 GB)" in worker.text
    assert "cannot use it, so it would compute on the CPU" in worker.advice
