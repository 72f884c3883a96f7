"""Builds the wheel; apart because the quick tests and `make packages` both need one."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("adapters", "bots", "config", "core", "worker")
_BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def build_wheel(folder: Path) -> Path:
    """Build the wheel from a copy of the sources, for a build leaves files where it ran."""
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-W", "ignore", "-c", _BUILD, str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)
    return next(folder.glob("*.whl"))
