"""That weights which rest leave memory, and come back unchanged."""

import os
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from worker.training.memory import put_aside


def read_mapped_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no RssFile")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be asked")
def test_weights_that_are_put_aside_leave_memory_and_come_back_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "weights.safetensors"
    weight = torch.randn(4096, 2048)
    save_file({"weight": weight}, file)
    with file.open("rb") as written:
        os.fsync(written.fileno())
    network = nn.Linear(2048, 4096, bias=False, device="meta")
    network.load_state_dict(load_file(file), assign=True)
    assert torch.equal(network.weight, weight)  # every page of it is read
    before = read_mapped_bytes()
    put_aside(network)
    assert before - read_mapped_bytes() > weight.nbytes * 0.9
    assert torch.equal(network.weight, weight)
