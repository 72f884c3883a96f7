"""What a worker finds out about its machine, asked of a real program that answers like the driver's."""

from collections.abc import Callable
from pathlib import Path

import pytest

from worker.device import describe_code, read_device, read_memory

TWO = "0, GPU-aaaa, NVIDIA T4, 15109, 14000\n1, GPU-bbbb, NVIDIA A100-SXM4-80GB, 81920, 81000\n"


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """An nvidia-smi that answers with the text that is given."""
    answer, program = tmp_path / "answer", tmp_path / "nvidia-smi"
    program.write_text(f'#!/bin/sh\ncase "$1" in --query-gpu=*) cat {answer};; esac\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return answer.write_text


@pytest.mark.parametrize(
    ("visible", "memory_gb"),
    [(None, 16), ("1", 86), ("GPU-bbbb,GPU-aaaa", 86), ("GPU-a", 16), ("0,1", 16)],
)
async def test_the_first_gpu_that_may_be_seen_counts(
    driver: Callable[[str], object], visible: str | None, memory_gb: int
) -> None:
    driver(TWO)
    device = await read_device(visible)
    assert device.gpu is not None and device.memory_gb == memory_gb


@pytest.mark.parametrize("answer", ["", "No devices were found\n", "0, GPU-a, T4, [N/A], [N/A]\n"])
async def test_without_a_gpu_the_main_memory_counts(
    driver: Callable[[str], object], answer: str
) -> None:
    driver(answer)
    device = await read_device(None)
    assert device.gpu is None
    assert device.memory_gb == round(device.memory.total_bytes / 1e9) > 0


async def test_a_worker_that_may_see_no_gpu_has_none(driver: Callable[[str], object]) -> None:
    driver(TWO)
    assert (await read_device("")).gpu is None
    assert (await read_device("7")).gpu is None


async def test_a_machine_without_the_driver_has_no_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (await read_device(None)).gpu is None


def test_a_containers_limit_counts_as_its_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("2000000000\n")
    (tmp_path / "memory.current").write_text("500000000\n")
    assert read_memory(tmp_path).total_bytes == 2_000_000_000
    assert read_memory(tmp_path).free_bytes <= 1_500_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert read_memory(tmp_path).total_bytes > 2_000_000_000


def test_the_same_code_has_the_same_name() -> None:
    assert describe_code() == describe_code() != ""
