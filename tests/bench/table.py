"""What was measured, on screen, as JSON for machines and as a page for people."""

import json
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.figures import FIGURES, Figure, Reading

_KEPT = "## What won"
"""From here on the page is written by people and kept."""
_COLUMNS = ("figure", "value", "bar", "verdict", "unit", "note")
_WIDTH = 160
"""Of the table where there is no terminal to fit."""
Readings = Mapping[str, Reading]


@dataclass(frozen=True)
class Results:
    """The readings of one run, and the day it was made on."""

    readings: Readings
    date: str

    def list_figures(self) -> list[tuple[Figure, Reading]]:
        return [(f, self.readings[f.name]) for f in FIGURES if f.name in self.readings]

    @property
    def are_met(self) -> bool:
        return all(figure.is_met(reading.value) for figure, reading in self.list_figures())


def show(results: Results) -> None:
    """Print the table."""
    table = Table(*_COLUMNS)
    for figure, reading in results.list_figures():
        colour = "green" if figure.is_met(reading.value) else "bold red"
        cells = _make_cells(figure, reading)
        cells[3] = f"[{colour}]{cells[3]}[/]"
        table.add_row(*cells)
    Console(width=None if sys.stdout.isatty() else _WIDTH).print(table)


def write_json(results: Results, file: Path) -> None:
    """Write every reading; those of figures that were not measured now stay."""
    known = json.loads(file.read_text()) if file.exists() else {}
    for figure, reading in results.list_figures():
        known[figure.name] = {
            "value": round(reading.value, 4),
            "bar": figure.bar,
            "better": figure.better,
            "unit": figure.unit,
            "date": results.date,
        }
    file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def write_page(results: Results, file: Path) -> None:
    """Write the page; rows of figures that were not measured now, and what people wrote, stay."""
    old = file.read_text() if file.exists() else ""
    rows = dict(re.findall(r"^(\| `([^`]+)` .*)$", old, re.MULTILINE))
    rows = {name: row for row, name in rows.items()}
    for figure, reading in results.list_figures():
        cells = [*_make_cells(figure, reading), results.date]
        cells[0] = f"`{figure.name}`{' °' if figure.is_heavy else ''}"
        rows[figure.name] = f"| {' | '.join(cells)} |"
    lines = [
        "# Benchmarks",
        "",
        "Each figure is measured beside the physical limit of the same machine in the same run, in turns.",
        "Run them with `make bench`, or some of them with `.venv/bin/python -m tests.bench NAME...`.",
        f"Those marked ° take minutes and gigabytes and are only measured when named: {_list_heavy()}.",
        f"Last run {results.date} on {describe_machine()}.",
        "",
        f"| {' | '.join((*_COLUMNS, 'date'))} |",
        f"|{'---|' * 7}",
        *(rows[figure.name] for figure in FIGURES if figure.name in rows),
        "",
        "## What is compared",
        "",
        *(f"- `{figure.name}`: {figure.compares}" for figure in FIGURES),
        "",
    ]
    kept = _KEPT + old.partition(_KEPT)[2] if _KEPT in old else f"{_KEPT}\n"
    file.write_text("\n".join(lines) + "\n" + kept)


def describe_machine() -> str:
    """Name what the figures depend on: processor, cores, memory, Python and torch."""
    cpu = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(": ")[2]
            break
    memory_gb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return (
        f"{cpu}, {os.cpu_count()} cores, {memory_gb:.0f} GB of memory, "
        f"Python {platform.python_version()}, torch {version('torch')}"
    )


def _list_heavy() -> str:
    heavy = " ".join(figure.name for figure in FIGURES if figure.is_heavy)
    return f"`make bench FIGURES='{heavy}'`"


def _make_cells(figure: Figure, reading: Reading) -> list[str]:
    sign = "≥" if figure.better == "higher" else "≤"
    return [
        figure.name,
        f"{reading.value:.2f}",
        f"{sign} {figure.bar:g}",
        "met" if figure.is_met(reading.value) else "MISSED",
        figure.unit,
        reading.note,
    ]
