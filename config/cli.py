"""The command line: `trainyard …`; a command's module is imported when the command is asked for."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from core.errors import TrainyardError, UnavailableError

_SETTINGS: dict[str, Any] = {  # as Typer takes them
    "add_completion": False,
    "pretty_exceptions_enable": False,
}


@dataclass(frozen=True)
class Command:
    """Where a command is, as `module:function`, and what the list of commands says of it."""

    name: str
    place: str
    summary: str = ""
    """The first line of the function's docstring; empty: the list does not show it."""
    extra: str = "embedded"
    """The extra of the wheel that has what it needs."""

    def load(self) -> Callable[..., Any]:  # a function with Typer's parameters
        """Import the command. Raises UnavailableError when what it needs is not installed."""
        module, _, function = self.place.partition(":")
        try:
            loaded: Callable[..., Any] = getattr(import_module(module), function)
        except ModuleNotFoundError as error:
            raise UnavailableError(
                f"`trainyard {self.name}` needs {error.name}, which is not installed here: "
                f"pip install 'trainyard[{self.extra}]'."
            ) from error
        return loaded


COMMANDS = (
    Command(
        "up",
        "config.commands.up:up",
        "Serve everything on this machine: Redis, web and a worker, each started again when it dies.",
    ),
    Command(
        "chat",
        "config.chat:chat",
        "Talk to the bot in this terminal; Redis and a worker are started when none runs.",
    ),
    Command(
        "demo",
        "config.demo.__main__:demo",
        "Train a LoRA on drawn pictures, through the HTTP API, and show what it learned.",
    ),
    Command("serve", "config.commands.serve:serve", "Answer HTTP.", "server"),
    Command(
        "worker", "config.commands.work:worker", "Do what is queued, one job at a time.", "worker"
    ),
    Command(
        "login",
        "config.commands.people:login",
        "Print a link that signs somebody in on the web, once and within five minutes.",
    ),
    Command(
        "token",
        "config.commands.people:token",
        "Make an API token and print it; it is shown this once.",
    ),
    Command(
        "workers",
        "config.fleet:workers",
        "Show the workers that are up, or were lost in the last hour.",
    ),
    Command("grant", "config.commands.people:grant", "Give points to an account."),
    Command(
        "payments",
        "config.payments:payments",
        "List payments with the charge by which each can be refunded.",
    ),
    Command(
        "refund",
        "config.payments:refund",
        "Take a payment's points back and pay its Stars back, once.",
    ),
    Command(
        "reconcile",
        "config.books:reconcile",
        "Finish what crashes left half-done, check every entry and every hold, and print a verdict.",
    ),
    Command(
        "storage",
        "config.storage:storage",
        "Compare blobs, records and quotas: what nothing names, what is missing, what is reserved for nothing.",
    ),
    Command(
        "verify",
        "config.verify:verify",
        "Check offline who signed a model file and whether it is as it was signed; exit code 1 if not.",
    ),
    Command(
        "migrate",
        "config.commands.upkeep:migrate",
        "Copy the data folder's records and blobs to MongoDB and S3, as set; stop everything else before.",
    ),
    Command(
        "backup",
        "config.commands.backup:backup",
        "Copy records, blobs and the signing key into a folder while everything runs; again copies what is new.",
    ),
    Command(
        "restore",
        "config.commands.backup:restore",
        "Bring a backup into an empty data folder, every byte checked; stop everything else before.",
    ),
    Command(
        "settings",
        "config.commands.upkeep:settings",
        "Print what can be set, as docs/guides/settings.md has it.",
    ),
    Command(
        "doctor",
        "config.commands.doctor:doctor",
        "Check what this machine has, and say what to do about what it lacks.",
    ),
    Command(
        "openapi",
        "config.commands.document:openapi",
        "Print the document of the HTTP API, as a server has it at /api/v1/openapi.json.",
    ),
    Command("web", "config.commands.serve:serve"),
    Command("redis", "config.commands.kept:redis"),
    Command("keep", "config.commands.kept:keep_running"),
)


class LazyGroup(TyperGroup):
    """Lists commands by their summaries, and imports the one that is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Typer's own, not exported
        for command in COMMANDS:
            if command.name == args[0]:
                alone = typer.Typer(**_SETTINGS)
                alone.command(command.name)(command.load())
                self.commands[command.name] = typer.main.get_command(alone)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=LazyGroup, no_args_is_help=True, help="A training suite for LoRAs.", **_SETTINGS
)


def _stand_in() -> None:
    """Stand in the list for a command that is not imported yet."""


for _command in COMMANDS:
    app.command(_command.name, help=_command.summary, hidden=not _command.summary)(_stand_in)


def main() -> None:
    """Run a command; what goes wrong is said in a sentence."""
    try:
        app()
    except TrainyardError as error:
        print(error.message, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
