"""Commands that copy an instance away and bring it back."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from config.backup import Manifest, back_up
from config.backup import restore as bring_back
from config.commands.starting import start
from config.naming import name_program

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]


def backup(folder: Folder) -> None:
    """Copy records, blobs and the signing key into a folder while everything runs; again copies what is new."""
    settings = start()
    manifest = asyncio.run(back_up(settings, folder))
    print(_describe(manifest))
    if not manifest.database_sha256:
        print(
            "The records are in MongoDB and not in this folder: run mongodump BEFORE this command."
        )
    print("It holds the signing key and people's pictures: keep it where nobody else reads it.")


def restore(folder: Folder) -> None:
    """Bring a backup into an empty data folder, every byte checked; stop everything else before."""
    print(_describe(asyncio.run(bring_back(start(), folder))))
    print(f"Now run `{name_program()} reconcile` and `{name_program()} storage`, then start it.")


def _describe(manifest: Manifest) -> str:
    when = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC"
    return (
        f"Trainyard {manifest.trainyard}, {when}: {manifest.blobs} blobs, "
        f"{manifest.blob_bytes / 1e6:.1f} MB, key {manifest.public_key[:16]}…"
    )
