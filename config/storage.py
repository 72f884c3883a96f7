"""What an operator asks about storage from the command line."""

import asyncio
import sys
from typing import Annotated

import typer

from config.commands.starting import start
from config.settings import Settings
from config.wiring import open_studio
from core.storage.records import StorageReport


def storage(
    repair: Annotated[
        bool, typer.Option("--repair", help="Give back storage that nothing accounts for.")
    ] = False,
) -> None:
    """Compare blobs, records and quotas: what nothing names, what is missing, what is reserved for nothing."""
    report = asyncio.run(_report(start(), repair=repair))
    print("\n".join(write_report(report, repaired=repair)))
    sys.exit(0 if report.is_sound else 1)


async def _report(settings: Settings, *, repair: bool) -> StorageReport:
    async with open_studio(settings) as studio:
        return await studio.operations.storage.report(repair=repair)


def write_report(report: StorageReport, *, repaired: bool) -> list[str]:
    """Say what was found, a line each, and what to do about it."""
    lines = [f"{report.blobs} blobs. {report.strays} of them are named by no record."]
    lines += [f"STRAY    {key}" for key in report.stray_keys]
    if report.strays:
        lines.append(
            f"{report.deleted} of these were deleted; each goes once it was found so for longer "
            "than TRAINYARD_STRAY_GRACE_S, by a server or by this command."
        )
    lines += [
        f"UNKNOWN  {key} (left alone: not a place that this version knows)"
        for key in report.unknown_keys
    ]
    lines += [f"MISSING  {row}" for row in report.missing]
    if report.missing:
        lines.append(
            "Bring missing blobs back from a backup; what stays missing cannot be trained on."
        )
    for drift in report.drifts:
        lines.append(
            f"QUOTA    {drift.account}: {drift.reserved_bytes} bytes reserved, "
            f"{drift.accounted_bytes} accounted for"
        )
    if report.drifts and not repaired:
        lines.append("`trainyard storage --repair` corrects these quotas.")
    if report.repaired:
        lines.append(f"{report.repaired} quotas were corrected.")
    if report.is_sound:
        lines.append("Blobs, records and quotas agree.")
    return lines
