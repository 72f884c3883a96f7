"""How a button is carried: as text while that fits 64 bytes, else as the short id of a record in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from pydantic import JsonValue

from bots.dialog import Answer, Button, Command, Kind, Scalar
from core.conversations.service import Conversations
from core.errors import InvalidError, NotFoundError
from core.studio import Studio

MAX_BYTES = 64
_SHORTCUT = "@"
_ASK = "?"
_ASK_NAME = ""
"""Stands in a shortcut's arguments for the parameter to ask: no parameter has an empty name."""


@dataclass(frozen=True)
class Pressed:
    """What a button asks for."""

    command: str
    args: Mapping[str, JsonValue]
    ask: str = ""
    sure: str = ""
    """The key of what was confirmed; empty for a button that confirms nothing."""


def encode(command: Command, button: Button) -> str | None:
    """Write a button as `path.with.dots:first:second`, in the order of parameters; None when too long.

    Values are percent-encoded, so a bare `?` is free to say "ask this one".
    """
    names = [param.name for param in command.params if param.kind is not Kind.IMAGES]
    values = [
        _ASK if name == button.ask else quote(_to_text(button.args.get(name)), safe="-_~")
        for name in names
    ]
    while values and not values[-1]:
        values.pop()
    text = ":".join([command.path.replace(" ", "."), *values])
    return text if len(text.encode()) <= MAX_BYTES else None


def decode(commands: Mapping[str, Command], text: str) -> Pressed:
    """Read what `encode` wrote. Raises InvalidError for anything else; values are checked later."""
    path, *values = text.split(":")
    command = commands.get(path.replace(".", " "))
    if command is None:
        raise InvalidError("This button is not one of mine.")
    names = [param.name for param in command.params if param.kind is not Kind.IMAGES]
    if len(values) > len(names):
        raise InvalidError("This button is not one of mine.")
    args: dict[str, JsonValue] = {}
    ask = ""
    for name, value in zip(names, values, strict=False):
        if value == _ASK:
            ask = name
        elif value:
            args[name] = unquote(value, errors="replace")
    return Pressed(command.path, args, ask)


async def press(
    studio: Studio, commands: Mapping[str, Command], account: str, data: str
) -> Pressed:
    """Find what a pressed button asks for. Raises NotFoundError, InvalidError."""
    if len(data.encode(errors="replace")) > MAX_BYTES:
        raise InvalidError("This button is not one of mine.")
    if not data.startswith(_SHORTCUT):
        return decode(commands, data)
    shortcut = await studio.conversations.get_shortcut(account, data.removeprefix(_SHORTCUT))
    args = dict(shortcut.args)
    ask = str(args.pop(_ASK_NAME, ""))
    if shortcut.command not in commands:
        raise NotFoundError("What this button did is gone.")
    return Pressed(shortcut.command, args, ask, shortcut.id if shortcut.sure else "")


async def seal(
    conversations: Conversations, commands: Mapping[str, Command], account: str, answer: Answer
) -> Answer:
    """Give every button of an answer what it carries."""
    sealed = [
        button if button.data else await _seal_button(conversations, commands, account, button)
        for button in answer.buttons
    ]
    return replace(answer, buttons=tuple(sealed))


async def _seal_button(
    conversations: Conversations, commands: Mapping[str, Command], account: str, button: Button
) -> Button:
    data = encode(commands[button.command], button)
    if data is None:
        args: dict[str, JsonValue] = dict(button.args)
        if button.ask:
            args[_ASK_NAME] = button.ask
        shortcut = await conversations.keep_shortcut(account, button.command, args)
        data = name_shortcut(shortcut.id)
    return replace(button, data=data)


def name_shortcut(shortcut_id: str) -> str:
    """Return what a button carries that stands for a shortcut."""
    return f"{_SHORTCUT}{shortcut_id}"


def _to_text(value: Scalar | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
