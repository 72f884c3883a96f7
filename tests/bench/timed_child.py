"""The training child, which also notes when it is ready and when each of its lines leaves it.

`python -m tests.bench.timed_child FILE`. FILE gets a line a note: seconds of the machine's monotonic clock, and JSON.
"""

import sys
import time
from pathlib import Path
from typing import TextIO

from worker import child
from worker.messages import Line


def main() -> int:
    with Path(sys.argv[1]).open("a", buffering=1) as notes:
        note(notes, '{"kind": "ready"}')
        tell = child.tell

        def tell_and_note(line: Line) -> None:
            at_s = time.monotonic()
            tell(line)
            note(notes, line.model_dump_json(), at_s)

        child.tell = tell_and_note
        return child.main()


def note(notes: TextIO, text: str, at_s: float | None = None) -> None:
    """Write one note, of now unless a time is given."""
    notes.write(f"{time.monotonic() if at_s is None else at_s} {text}\n")


if __name__ == "__main__":
    sys.exit(main())
