"""What an operator does about the ledger from the command line: mend it, check it all, allow spending again."""

import asyncio
import sys
from typing import Annotated

import typer

from config.accounts import OPERATOR
from config.logs import set_up_logging
from config.settings import Settings
from config.wiring import open_studio
from core.points.reconcile import Verdict
from core.points.records import SpendingStop
from core.studio import Studio


def reconcile(
    lift: Annotated[
        bool, typer.Option("--lift", help="Allow spending again, if nothing is wrong any more.")
    ] = False,
) -> None:
    """Finish what crashes left half-done, check every entry and every hold, and print a verdict."""
    settings = Settings()
    set_up_logging(settings)
    verdict, stop = asyncio.run(check_books(settings, lift=lift))
    print("\n".join(write_verdict(verdict, stop)))
    sys.exit(0 if verdict.is_sound and stop is None else 1)


async def check_books(settings: Settings, *, lift: bool) -> tuple[Verdict, SpendingStop | None]:
    """Mend and check; return the verdict, and the stop that is in force after it, if one is."""
    async with open_studio(settings) as studio:
        await _mend(studio)
        verdict = await studio.reconciler.reconcile()
        if lift and verdict.is_sound:
            await studio.administration.lift_stop(OPERATOR)
        return verdict, await studio.reconciler.find_stop()


async def _mend(studio: Studio) -> None:
    await studio.sweeper.finish_sagas()
    for saga in (studio.transfers, studio.usage, studio.top_ups, studio.merging):
        await saga.sweep()


def write_verdict(verdict: Verdict, stop: SpendingStop | None) -> list[str]:
    """Say what was found, a line each, and whether anything can be spent."""
    lines = [
        f"{verdict.entries} entries, {verdict.jobs} jobs.",
        f"{verdict.granted_points} points were issued: {verdict.balances_points} are in balances, "
        f"{verdict.open_holds_points} are held for jobs, {verdict.between_points} are on their way "
        "from one member to another, and the rest was earned.",
        *(f"WRONG  {finding}" for finding in verdict.findings),
        "The ledger adds up." if verdict.is_sound else "The ledger does not add up.",
    ]
    if stop is None:
        return lines
    way = "`trainyard reconcile --lift` allows it again." if verdict.is_sound else "Mend it first."
    since = f"{stop.created_at:%Y-%m-%d %H:%M} UTC"
    return [*lines, f"Spending is stopped since {since}, for this: {stop.reason}. {way}"]
