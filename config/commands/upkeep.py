"""Commands about the place itself: what it has, and moving it elsewhere."""

import asyncio
import os
import shutil
import sys

from adapters.redis_server import find_program
from config.commands.starting import start
from config.doctor import inspect_doors
from config.migration import move
from config.signing import open_signer
from config.stores import describe_stores
from config.wiring import load_offerings


def migrate() -> None:
    """Copy the data folder's records and blobs to MongoDB and S3, as set; stop everything else before."""

    async def run() -> None:
        async for moved in move(start()):
            print(
                f"{moved.what:<16} {moved.count:>8}  the same in both, sha256 {moved.sha256[:16]}"
            )

    asyncio.run(run())
    print("Everything is there. The data folder was not changed; keep it until you are sure.")


def doctor() -> None:
    """Check what this machine has, and say what to do about what it lacks."""
    settings = start()
    offerings = load_offerings(settings)
    free_gb = shutil.disk_usage(settings.data_folder).free / 1e9
    print(f"data folder   {settings.data_folder.resolve()} ({free_gb:.0f} GB free)")
    print(f"signing key   {open_signer(settings).public_key} (public)")
    for what, where in asyncio.run(describe_stores(settings)).items():
        print(f"{what:<13} {where}")
    print(f"redis         {find_program() if settings.runs_own_redis else 'TRAINYARD_REDIS_URL'}")
    print(f"offerings     {', '.join(offering.id for offering in offerings.list_all())}")
    kinds, families = ", ".join(settings.worker_kinds), ", ".join(settings.worker_families)
    print(f"worker        takes {kinds} for {families} on {os.cpu_count()} cores")
    sys.exit(1 if asyncio.run(inspect_doors(settings)) else 0)
