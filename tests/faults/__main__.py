"""`make faults`: do every row of docs/reliability.md as often as the page says, and write the page.

Names of scenarios as arguments do those alone; the other rows stay as they are. `--share 0.2` does a fifth.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.ground import Ground
from tests.faults.rows import Row
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.stores import name_mongodb, run_mongodb, run_redis, run_s3

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
_HEAD = """# Reliability

What was done to Trainyard, how often, and what became of every job; made by `make faults`, of which `make test` does a
little each time. After each row the stores are audited: every job is there, done and settled once, with one hold, one
settlement, one piece of news, its model and losses, pictures and files whose hashes are right, and a ledger that adds
up. What is missing counts as lost, what is there twice as doubled, what has not ended after four minutes as stuck.

A job is left alone for as long as its lease lasts: here 2 s, 90 s by default, so that much is to be added where a
worker died. Time to recover is from the fault, or from the start of the next worker, to the end of what it had hit;
for stores that fail all the time, from a job's submission to its end.

- *Workers* have real children with torch and the model that ships with Trainyard. Where it says *no torch*, all of a
  worker is real but its child, which writes noise where the model would draw: so the same can be done more often.
- *Named writes* are those of a job's life: claimed, running, picture stored, and so on (`tests/faults/doomed.py`).

| what was done | times | jobs | lost | doubled | stuck | time to recover, median | worst |
|---|--:|--:|--:|--:|--:|--:|--:|
"""


def main(arguments: Sequence[str]) -> int:
    """Do the scenarios that are named, or all, and return the exit code."""
    known = {scenario.run.__name__: scenario for scenario in SCENARIOS}
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(known)}")
    parser.add_argument("--share", type=float, default=1.0, help="of how often each is done")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.name) - known.keys()):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    logging.disable()  # thousands of lines of what was meant to go wrong
    lines = _read_lines()
    is_clean = True
    with run_redis() as redis_url, run_mongodb() as mongodb_url, run_s3() as s3_url:
        for name in options.name or known:
            with tempfile.TemporaryDirectory(prefix="ty-") as folder:
                ground = Ground(Path(folder), redis_url, mongodb_url, s3_url)
                row = _do(known[name], ground, options.share)
            lines[name] = f"{row.write()} <!-- {name} -->"
            is_clean &= row.is_clean
            _write_page([lines[each] for each in known if each in lines])
    return 0 if is_clean else 1


def _do(scenario: Scenario, ground: Ground, share: float) -> Row:
    began_s = time.monotonic()
    row = asyncio.run(scenario.run(ground, max(1, round(scenario.often * share))))
    print(f"{row.write()} {time.monotonic() - began_s:.0f} s", flush=True)
    for finding in row.found[:20]:
        print(f"  {finding}", flush=True)
    return row


def _read_lines() -> dict[str, str]:
    """Read the rows that the page has, by the names of their scenarios."""
    if not PAGE.exists():
        return {}
    rows = [line for line in PAGE.read_text().splitlines() if line.endswith(" -->")]
    return {line.rsplit("<!-- ", 1)[1].removesuffix(" -->"): line for line in rows}


def _write_page(lines: Sequence[str]) -> None:
    date = datetime.now(UTC).date().isoformat()
    foot = (
        f"\nLast changed on {date}; rows that ran alone keep their place, and a `--share` below 1 does fewer of "
        f"each. Two cores, beside other work; MongoDB was {name_mongodb()}.\n"
    )
    PAGE.write_text(_HEAD + "\n".join(lines) + "\n" + foot)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
