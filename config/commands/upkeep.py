"""Commands about the place itself: what it has, and moving it elsewhere."""

import asyncio

from config.commands.starting import start
from config.migration import move
from config.reference import write_reference


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
