"""The bench's command line: measure, print, write, and end with 1 when a bar is missed."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    browsing,
    claims,
    discord,
    generation,
    http,
    intake,
    jobs,
    ledger,
    life,
    listeners,
    load,
    peaks,
    photographs,
    resolution,
    royalties,
    sd15,
    stores,
    telegram,
    training,
    uploads,
)
from tests.bench.figures import FIGURES, ROOT, Effort, Reading
from tests.bench.table import Results, show, write_json, write_page

Measure = Callable[[Effort], Awaitable[dict[str, Reading]]]
THEMES: dict[tuple[str, ...], Measure] = {
    ("training.tiny.step_ratio", "training.tiny.memory_ratio"): training.measure,
    (
        "training.sd15.step_ratio",
        "training.sd15.batch4_ratio",
        "training.vs_diffusers_ratio",
        "training.vs_diffusers_memory_ratio",
    ): sd15.measure,
    ("training.sd15.peak_gb",): peaks.measure_sd15,
    ("training.sdxl.peak_gb",): peaks.measure_sdxl,
    ("training.warm_start_s",): peaks.measure_warm_start,
    ("job.first_step_s", "job.progress_delay_s"): jobs.measure,
    ("generation.warm_over_cold",): generation.measure,
    ("intake.image_ratio",): intake.measure,
    ("intake.memory_growth_mb",): uploads.measure,
    ("ledger.entry_ratio",): ledger.measure,
    ("ledger.life_operations",): life.measure,
    ("royalties.hot_creator_ratio",): royalties.measure,
    ("http.list_ratio",): http.measure,
    ("http.p99_ms_at_500", "http.memory_growth_mb"): load.measure,
    ("claims.p99_s",): claims.measure,
    ("resolution.ms", "resolution.growth"): resolution.measure,
    ("bots.telegram_p99_s",): telegram.measure,
    ("bots.discord_p99_s",): discord.measure,
    ("documents.mongo_ratio",): stores.measure_documents,
    ("blobs.s3_ratio",): stores.measure_blobs,
    ("web.first_load_kb", "web.dataset_1000_s"): browsing.measure,
    ("web.listener_cpu",): listeners.measure,
    ("web.upload_ratio",): photographs.measure,
}


def main(arguments: Sequence[str], docs: Path, effort: Effort) -> int:
    """Measure the figures that are named, or all but the heavy ones, and return the exit code."""
    names = [figure.name for figure in FIGURES]
    usual = [figure.name for figure in FIGURES if not figure.is_heavy]
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(names)}")
    wanted = parser.parse_args(arguments).name or usual
    if unknown := sorted(set(wanted) - set(names)):
        parser.error(f"there is no figure {', '.join(unknown)}; there are {', '.join(names)}")
    readings = asyncio.run(measure(set(wanted), effort))
    results = Results(readings, datetime.now(UTC).date().isoformat())
    show(results)
    docs.mkdir(exist_ok=True)
    write_json(results, docs / "benchmarks.json")
    write_page(results, docs / "benchmarks.md")
    return 0 if results.are_met else 1


async def measure(wanted: set[str], effort: Effort) -> dict[str, Reading]:
    """Run each theme that has a wanted figure, one after another."""
    readings: dict[str, Reading] = {}
    for names, measure_theme in THEMES.items():
        chosen = wanted.intersection(names)
        if chosen:
            began_s = time.monotonic()
            found = await measure_theme(effort)
            took_s = time.monotonic() - began_s
            print(f"{', '.join(sorted(chosen))}: measured in {took_s:.0f} s", file=sys.stderr)
            readings |= {name: found[name] for name in chosen}
    return readings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], ROOT / "docs", Effort()))
