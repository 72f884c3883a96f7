"""The ledger's state machine, at length: what the tests do with it for seconds, for minutes."""

import asyncio
import re
import sys
import time

from tests.bench.figures import ROOT, Effort, Reading

_FOUND = re.compile(rb"(\d+) operations, and every point is accounted for")


async def measure(effort: Effort) -> dict[str, Reading]:
    """Run it in a process of its own. Raises AssertionError when a point was lost or made."""
    began_s = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.core.points.life",
        str(effort.life_operations),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    found = _FOUND.search(printed)
    assert process.returncode == 0 and found is not None, printed.decode()
    took_s = time.monotonic() - began_s
    note = f"every point accounted for after each; {took_s:.0f} s"
    return {"ledger.life_operations": Reading(float(found[1]), note)}
