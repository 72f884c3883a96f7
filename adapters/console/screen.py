"""Answers on a terminal: panels, tables and numbered buttons; pictures and files go to a folder."""

import asyncio
import re
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bots.dialog import Answer, Fact, File, Link, Question, Reply, Style, Tone
from bots.dialog import Table as Rows

_COLOURS = {Tone.PLAIN: "cyan", Tone.GOOD: "green", Tone.CAUTION: "yellow", Tone.BAD: "red"}
_SIGNS = {Tone.PLAIN: "", Tone.GOOD: "✓ ", Tone.CAUTION: "", Tone.BAD: "✗ "}
_BUTTONS = {Style.PLAIN: "", Style.PRIMARY: "bold green", Style.DANGER: "red"}
_UNSAFE = re.compile(r"[^\w.-]+")
MAX_WIDTH = 100


class Screen:
    """Where answers are shown. `shown` collects what was shown, as plain text, for scripts to look at."""

    def __init__(self, console: Console, folder: Path) -> None:
        self.console = console
        self.folder = folder
        self.shown: list[str] = []
        self.changed = asyncio.Event()
        """Set whenever something was shown."""

    async def show(self, answer: Answer, *, sign: str = "") -> None:
        """Show an answer, after its pictures and files were written to the folder."""
        saved: list[tuple[File, Path]] = []
        if isinstance(answer, Reply):
            for file in (*answer.images, *answer.files):
                saved.append((file, await save(file, self.folder)))
        self.shown.append(flatten(answer, [path for _, path in saved]))
        self.changed.set()
        self.print(self._render(answer, saved, sign))

    def print(self, *things: RenderableType) -> None:
        for thing in things:
            self.console.print(thing, width=self.width, crop=False)

    @property
    def width(self) -> int:
        return min(MAX_WIDTH, self.console.width)

    def echo(self, line: str) -> None:
        """Show a line of a script as if somebody had typed it."""
        self.print(Text.assemble(("› ", "bold cyan"), line))

    def whisper(self, text: str) -> None:
        """Show something beside the conversation."""
        self.print(Text(text, "dim"))

    def _render(self, answer: Answer, saved: list[tuple[File, Path]], sign: str) -> RenderableType:
        parts = [Text(answer.text)] if answer.text else []
        body: list[RenderableType] = [*parts]
        if isinstance(answer, Question):
            return Group(self._render_question(answer), _render_buttons(answer, self.width))
        if answer.facts:
            body += [Text("")] if body else []
            body.append(_render_facts(answer.facts))
        if answer.table is not None:
            body.append(_render_table(answer.table))
        for file, path in saved:
            caption = f"{file.caption}: " if file.caption else ""
            shown = Text(caption, "dim") + Text(str(path), f"underline link {path.as_uri()}")
            body.append(shown)
        colour = _COLOURS[answer.tone]
        title = Text(f" {sign}{_SIGNS[answer.tone]}{answer.title} ", f"bold {colour}")
        panel = Panel(
            Group(*body) if body else Text(""),
            title=title,
            title_align="left",
            border_style=colour,
            box=box.ROUNDED,
            padding=(0, 1),
        )
        shown_panel: RenderableType = panel if body else Padding(title, (0, 0, 0, 0))
        return Group(
            shown_panel, *map(_render_link, answer.links), _render_buttons(answer, self.width)
        )

    def _render_question(self, question: Question) -> RenderableType:
        lines = []
        if question.problem:
            lines.append(Text(f"✗ {question.problem}", "red"))
        lines.append(Text(f"? {question.title}", "bold magenta"))
        if question.text:
            lines.append(Text(f"  {question.text}", "dim"))
        return Group(*lines)


def _render_link(link: Link) -> RenderableType:
    """Show an address on one line, however long, so that it can be copied whole."""
    text = Text(f" {link.label}: ", no_wrap=True, overflow="ignore")
    return text.append(link.url, f"underline link {link.url}")


def _render_facts(facts: tuple[Fact, ...]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for fact in facts:
        grid.add_row(Text(fact.name), Text(fact.value))
    return grid


def _render_table(rows: Rows) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, expand=False)
    for column in rows.columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows.rows:
        table.add_row(*map(Text, row))
    return table


def _render_buttons(answer: Answer, width: int) -> RenderableType:
    details = {}
    if isinstance(answer, Question):
        details = {choice.label: choice.detail for choice in answer.choices if choice.detail}
    if details:
        grid = Table.grid(padding=(0, 1))
        for number, button in enumerate(answer.buttons, 1):
            label = Text(button.label, _BUTTONS[button.style])
            detail = Text(details.get(button.label, ""), "dim")
            grid.add_row(Text(f"  {number}", "cyan"), label, detail)
        return grid
    line, lines = Text("  "), list[Text]()
    if isinstance(answer, Question) and not answer.choices:  # a number is an answer there
        return line + Text("   ".join(button.label for button in answer.buttons), "dim")
    for number, button in enumerate(answer.buttons, 1):
        label = Text.assemble((f"{number} ", "cyan"), (button.label, _BUTTONS[button.style]))
        if line.cell_len > 2 and line.cell_len + label.cell_len > width:
            lines.append(line)
            line = Text("  ")
        line += label + Text("   ")
    return Group(*lines, line)


def flatten(answer: Answer, paths: list[Path]) -> str:
    """Write all that an answer shows, a thing a line."""
    lines = [answer.title, answer.text]
    if isinstance(answer, Question):
        lines += [answer.problem, *(choice.detail for choice in answer.choices)]
    else:
        lines += [f"{fact.name}: {fact.value}" for fact in answer.facts]
        if answer.table is not None:
            lines += ["  ".join(row) for row in (answer.table.columns, *answer.table.rows)]
        lines += [str(path) for path in paths]
        lines += [f"{link.label}: {link.url}" for link in answer.links]
    lines += [f"[{button.label}]" for button in answer.buttons]
    return "\n".join(line for line in lines if line)


async def save(file: File, folder: Path) -> Path:
    """Write a file into the folder under its own name, with a number when that is taken."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    name = _UNSAFE.sub("_", Path(file.name).name).lstrip(".") or "file"
    path = await asyncio.to_thread(_claim, folder, Path(name))
    with path.open("wb") as target:
        async for chunk in file.open():
            await asyncio.to_thread(target.write, chunk)
    return path


def _claim(folder: Path, name: Path) -> Path:
    """Make an empty file that was not there before."""
    number = 1
    while True:
        tail = f"-{number}" if number > 1 else ""
        path = folder / f"{name.stem}{tail}{name.suffix}"
        try:
            path.touch(exist_ok=False)
            return path
        except FileExistsError:
            number += 1
