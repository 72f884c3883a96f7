"""A conversation from a file: lines as one would type them, and what must be seen.

`# comment`; `expect: text` must be in what was shown since the last typed line; `wait: text` must come
within two minutes, as news of a training does.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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


async def play(script: str, chat: Chat, screen: Screen, *, wait_s: float = WAIT_S) -> None:
    """Play a script. Raises ScriptError at the first expectation that is not met."""
    for step in read_steps(script):
        if step.kind == "say":
            screen.shown.clear()
            screen.echo(step.text)
            await chat.take(step.text)
        elif step.kind == "expect":
            _check(step, screen)
        else:
            await _wait(step, screen, wait_s)


async def _wait(step: Step, screen: Screen, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            while step.text not in "\n".join(screen.shown):
                screen.changed.clear()
                await screen.changed.wait()
    except TimeoutError:
        _check(step, screen)


def _check(step: Step, screen: Screen) -> None:
    seen = "\n".join(screen.shown)
    if step.text not in seen:
        raise ScriptError(
            f"line {step.number}: “{step.text}” was expected, and this was seen:\n{seen}"
        )
