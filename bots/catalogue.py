"""Every command by its path, and a typed line taken apart into a command and its arguments."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bots import (
    account,
    auto_captions,
    captionings,
    captions,
    datasets,
    generation,
    generations,
    giving,
    jobs,
    leaving,
    linking,
    models,
    pictures,
    points,
    publishing,
    sharing,
    signing_in,
    topups,
    training,
)
from bots.dialog import Command, Kind
from core.errors import NotFoundError


@dataclass(frozen=True)
class Line:
    """A typed line: its command, its arguments, and what is left over for its pictures."""

    command: Command
    args: Mapping[str, str]
    rest: tuple[str, ...] = ()


class Catalogue:
    """What people can ask for. `pictures` names the command that takes pictures sent without a word."""

    def __init__(self, commands: Iterable[Command], pictures: str = "dataset add") -> None:
        self.commands: dict[str, Command] = {}
        for command in commands:
            if command.path in self.commands:
                raise ValueError(f"{command.path} is there twice")
            self.commands[command.path] = command
        for path in self.commands:
            if any(other.startswith(f"{path} ") for other in self.commands):
                raise ValueError(f"{path} is a command and a group: no platform can show that")
        self.pictures = pictures

    def get(self, path: str) -> Command:
        """Return a command. Raises NotFoundError."""
        found = self.commands.get(" ".join(path.replace("_", " ").lower().split()))
        if found is None:
            raise NotFoundError("There is no such command. Type “help” to see them all.")
        return found

    def parse_line(self, text: str) -> Line | None:
        """Take `/dataset add Cats a.png`, `dataset_add@bot` or `train steps=100` apart; None if no command.

        Words fill parameters in their order and `name=value` by name; the last one takes all that is left.
        """
        tokens = _split(text.strip().removeprefix("/"))
        if tokens:
            head = tokens[0].split("@", 1)[0]
            tokens = [*head.replace("_", " ").split(), *tokens[1:]]
        for length in range(min(3, len(tokens)), 0, -1):
            command = self.commands.get(" ".join(tokens[:length]).lower())
            if command is not None:
                return _fill(command, tokens[length:])
        return None


def list_commands() -> Catalogue:
    """Put every command into one catalogue."""
    return Catalogue(
        (
            *datasets.COMMANDS,
            *pictures.COMMANDS,
            *captions.COMMANDS,
            *auto_captions.COMMANDS,
            *captionings.COMMANDS,
            *sharing.COMMANDS,
            *training.COMMANDS,
            *jobs.COMMANDS,
            *models.COMMANDS,
            *publishing.COMMANDS,
            *generation.COMMANDS,
            *generations.COMMANDS,
            *points.COMMANDS,
            *giving.COMMANDS,
            *topups.COMMANDS,
            *account.COMMANDS,
            *leaving.COMMANDS,
            *linking.COMMANDS,
            *signing_in.COMMANDS,
        )
    )


def _fill(command: Command, tokens: list[str]) -> Line:
    args: dict[str, str] = {}
    loose: list[str] = []
    for token in tokens:
        name, mark, value = token.partition("=")
        param = command.find_param(name.lower()) if mark else None
        if param is not None and not param.hidden and param.kind is not Kind.IMAGES:
            args[param.name] = value
        else:
            loose.append(token)
    places = [
        p for p in command.params if not p.hidden and not p.named and p.kind is not Kind.IMAGES
    ]
    empty = [param for param in places if param.name not in args]
    for param in empty:
        if not loose:
            break
        if param is empty[-1] and param.kind is not Kind.NUMBER and command.images is None:
            args[param.name] = " ".join(loose)
            loose = []
        else:
            args[param.name] = loose.pop(0)
    return Line(command, args, tuple(loose))


def _split(text: str) -> list[str]:
    """Split like a shell; a quotation mark without its twin is an ordinary character."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
