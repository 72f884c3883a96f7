"""A real worker that notes what it asks of MongoDB: `python -m tests.bench.counted_worker FILE`.

The driver tells of every command; the file has the count of each, renewed while the worker runs.
"""

import json
import os
import sys
import threading
from collections import Counter
from pathlib import Path

from pymongo import monitoring

from config.cli import main

_EVERY_S = 0.2


class CommandCounter(monitoring.CommandListener):
    """Counts commands by their names, and the bytes of what is written."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.counts[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


def write_counts(counter: CommandCounter, file: Path) -> None:
    """Put the counts in the file, whole; they are copied at once, because others count on."""
    aside = file.with_name(f"{file.name}.new")
    aside.write_text(json.dumps(dict(counter.counts)))
    os.replace(aside, file)


def _count_into(file: Path) -> None:
    counter, stop = CommandCounter(), threading.Event()
    monitoring.register(counter)

    def keep_writing() -> None:
        while not stop.wait(_EVERY_S):
            write_counts(counter, file)

    threading.Thread(target=keep_writing, daemon=True).start()


if __name__ == "__main__":
    _count_into(Path(sys.argv.pop(1)))
    sys.argv.append("worker")
    main()
