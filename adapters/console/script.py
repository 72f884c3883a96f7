"""A conversation from a file: lines as one would type them, and what must be seen.

`# comment`; `expect: text` must be in what was shown since the last typed line; `wait: text` must come
within two minutes, as news of a training does.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from adapters.console.chat import Chat
from adapters.console.screen import Screen

WAIT_S = 120.0
Kind = Literal["say", "expect", "wait"]


@dataclass(frozen=True)
class Step:
    """One line of a script."""

    number: int
    kind: Kind
    text: str


class ScriptError(Exception):
    """An expectation was not met; the message says which and what was there instead."""


def read_steps(script: str) -> Iterator[Step]:
    """Read a script; blank lines and comments are nothing."""
    for number, line in enumerate(script.splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        head, mark, rest = text.partition(":")
        if mark and head in ("expect", "wait"):
            yield Step(number, "expect" if head == "expect" else "wait", rest.strip())
        else:
            yield Step(number, "say", text)


class Stage(Protocol):
    """Somebody on some platform who says the lines of a script and sees what comes back."""

    @property
    def changed(self) -> asyncio.Event:
        """Set whenever something was shown."""
        ...

    async def say(self, line: str) -> None:
        """Forget what was seen, and do what the line means; the answer has come when this returns."""
        ...

    def see(self) -> str:
        """Return all that was shown since the last line, as plain text."""
        ...


class Terminal:
    """The stage of the terminal."""

    def __init__(self, chat: Chat, screen: Screen) -> None:
        self._chat = chat
        self._screen = screen
        self.changed = screen.changed

    async def say(self, line: str) -> None:
        self._screen.shown.clear()
        self._screen.echo(line)
        await self._chat.take(line)

    def see(self) -> str:
        return "\n".join(self._screen.shown)


async def play(script: str, stage: Stage, *, wait_s: float = WAIT_S) -> None:
    """Play a script. Raises ScriptError at the first expectation that is not met."""
    for step in read_steps(script):
        if step.kind == "say":
            await stage.say(step.text)
        elif step.kind == "expect":
            _check(step, stage)
        else:
            await _wait(step, stage, wait_s)


async def _wait(step: Step, stage: Stage, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            while step.text not in stage.see():
                stage.changed.clear()
                await stage.changed.wait()
    except TimeoutError:
        _check(step, stage)


def _check(step: Step, stage: Stage) -> None:
    seen = stage.see()
    if step.text not in seen:
        raise ScriptError(
            f"line {step.number}: “{step.text}” was expected, and this was seen:\n{seen}"
        )
