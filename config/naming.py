"""How a person calls this program from where they are; apart because every hint that is printed needs it."""

import os
import shutil
import sys
from pathlib import Path


def name_program() -> str:
    """Name the program so that the hint can be copied: bare when it is on PATH, else its path from here."""
    program = Path(sys.executable).parent / "trainyard"
    if shutil.which("trainyard") == str(program):
        return "trainyard"
    return os.path.relpath(program)
