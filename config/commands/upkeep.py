"""Commands about the place itself: what it has, and moving it elsewhere."""

import asyncio
import sys

from config.commands.starting import start
from config.doctor import examine
from config.migration import move
from config.reference import write_reference
from config.stores import describe_stores


def migrate() -> None:
    """Copy the data folder's records and blobs to MongoDB and S3, as set; stop everything else before."""

    async def run() -> None:
        async for moved in move(start()):
            print(
                f"{moved.what:<16} {moved.count:>8}  the same in both, sha256 {moved.sha256[:16]}"
            )

    asyncio.run(run())
    print("Everything is there. The data folder was not changed; keep it until you are sure.")


def settings() -> None:
    """Print what can be set, as docs/guides/settings.md has it."""
    print(write_reference(), end="")


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
