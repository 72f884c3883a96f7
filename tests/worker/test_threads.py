"""How many threads a training computes with, asked of the real child."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import torch, worker.child; worker.child.main(); print(torch.get_num_threads())"


def test_an_operator_says_how_many_threads_a_training_takes() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert int(run.stdout) == 1
