"""The import contracts of the architecture, run as a test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_imports_run_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_of_ours_outgrows_its_ceiling() -> None:
    folders = ("bots", "core", "adapters", "worker", "config")
    modules = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert len(modules) > 30
    long = {
        str(f.relative_to(ROOT)): n for f in modules if (n := len(f.read_text().splitlines())) > 250
    }
    assert long == {}
