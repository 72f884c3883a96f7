"""`trainyard openapi | python -m adapters.client.generate`: writes the made part of the client anew."""

import json
import sys
from pathlib import Path

from adapters.client.generate.files import make_files

FOLDER = Path(__file__).parents[1]


def main() -> None:
    """Read the document from the standard input, and replace every made file."""
    made = make_files(json.load(sys.stdin))
    for folder in (FOLDER / "models", FOLDER / "operations"):
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.py"):
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text)
    print(f"{len(made)} files are written.")


if __name__ == "__main__":
    main()
