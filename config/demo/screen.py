"""What the demo prints: headings, a progress bar, tables; plain lines where there is no terminal."""

from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table

from adapters.client import ENDED
from adapters.client.models import (
    EntryView,
    GenerationEvent,
    GenerationView,
    TrainingEvent,
    TrainingView,
)

JobNews = TrainingView | TrainingEvent | GenerationView | GenerationEvent
_PARTS = 8
"""Lines of progress where there is no terminal."""


class Screen:
    """Prints the story; what is read aloud comes from story.py."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._chapter = 0

    def begin_chapter(self, title: str) -> None:
        self._chapter += 1
        self.console.print(f"\n[bold]{self._chapter}  {title}[/bold]")

    def say(self, text: str) -> None:
        """Print a line of the story; text from outside is not markup."""
        self.console.print(f"   {text}", markup=False, highlight=False, soft_wrap=True)

    def list_files(self, files: Sequence[tuple[Path, str]]) -> None:
        """Print the names of files in one folder, with what is in them."""
        width = max(len(file.name) for file, _ in files)
        for file, what in files:
            self.say(f"{file.name:<{width}}  {what}")

    async def follow(self, events: AsyncIterator[JobNews], parts: int = _PARTS) -> None:
        """Show a training's progress until its events end: a bar, or without a terminal a line a part.

        Without parts there is one line at the end.
        """
        if self.console.is_terminal:
            await self._show_bar(events)
        else:
            await self._print_lines(events, parts)

    async def _show_bar(self, events: AsyncIterator[JobNews]) -> None:
        columns = (
            TextColumn("   {task.fields[stage]:<11}"),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
            TextColumn("{task.fields[facts]}"),
        )
        with Progress(*columns, console=self.console) as progress:
            bar = progress.add_task("", total=1, stage="", facts="")
            async for news in events:
                now = news.progress
                total, stage = now.total_steps or 1, _name_stage(news)
                progress.update(
                    bar, total=total, completed=now.step, stage=stage, facts=_word_facts(news)
                )

    async def _print_lines(self, events: AsyncIterator[JobNews], parts: int) -> None:
        said: object = None
        async for news in events:
            now = news.progress
            part = now.step * parts // max(1, now.total_steps)
            if (news.status, part) != said and (parts or news.status in ENDED):
                said = (news.status, part)
                facts = f"{now.step}/{now.total_steps} steps  {_word_facts(news)}"
                self.say(f"{_name_stage(news):<11} {facts}".rstrip())

    def show_figures(self, title: str, rows: Iterable[tuple[str, str, str]]) -> None:
        """Print a table: what, its figure, and what it means."""
        table = Table(
            title=title, title_justify="left", box=None, padding=(0, 2), show_header=False
        )
        table.add_column(min_width=22)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(style="dim")
        for row in rows:
            table.add_row(*row)
        self._print_table(table)

    def show_statement(self, lines: Sequence[EntryView], title: str = "Statement") -> None:
        """Print a statement, oldest line first."""
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2))
        table.add_column("entry")
        table.add_column("what for")
        table.add_column("points", justify="right")
        table.add_column("balance", justify="right")
        for line in reversed(lines):
            amount, balance = f"{line.amount_points:+d}", str(line.balance_after_points)
            table.add_row(line.kind, line.note, amount, balance)
        self._print_table(table)

    def _print_table(self, table: Table) -> None:
        self.console.print()
        self.console.print(table)


def _name_stage(news: JobNews) -> str:
    if news.status in ("preparing", "running"):
        return news.progress.stage or news.status
    return news.status


def _word_facts(news: JobNews) -> str:
    now = news.progress
    facts = []
    if now.loss is not None:
        facts.append(f"loss {now.loss:.3f}")
    if now.eta_s is not None and news.status == "running":
        facts.append(f"{now.eta_s:.0f} s left")
    return "  ".join(facts)
