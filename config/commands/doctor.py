"""The command that looks at everything this machine has; apart because it imports every door."""

import asyncio
import sys

from config.commands.starting import start
from config.doctor import examine
from config.stores import describe_stores


def doctor() -> None:
    """Check what this machine has, and say what to do about what it lacks."""
    chosen = start()
    for what, where in asyncio.run(describe_stores(chosen)).items():
        print(f"{what:<13} {where}")
    found = asyncio.run(examine(chosen))
    for finding in found:
        print(f"{finding.what:<13} {finding.text}")
        if not finding.is_well:
            print(f"{'':<13} TO DO: {finding.advice}")
    sys.exit(0 if all(finding.is_well for finding in found) else 1)
