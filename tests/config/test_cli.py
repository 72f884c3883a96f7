"""The command line: every command is found where the list says, and none is imported before it is asked for."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from config.cli import COMMANDS, Command, app

SLOW = {
    "aiohttp",
    "aioboto3",
    "motor",
    "discord",
    "telegram",
    "torch",
    "honcho",
    "pydantic_settings",
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.name))
def test_a_command_is_listed_by_what_it_says_of_itself(command: Command) -> None:
    said = (command.load().__doc__ or "").splitlines()[0]
    assert said
    assert command.summary in ("", said)


def test_help_lists_commands_and_imports_none_of_them() -> None:
    code = (
        "import sys; sys.argv = ['trainyard', '--help']\n"
        "from config.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "doctor" in done.stdout
    assert not SLOW.intersection(done.stdout.splitlines()[-1].split())


def test_a_command_has_its_own_options_and_errors() -> None:
    run = CliRunner().invoke
    assert "--points" in run(app, ["token", "--help"]).stdout
    assert "COMMAND" not in run(app, ["token", "--help"]).stdout
    assert run(app, ["token"]).exit_code == 2
    unknown = run(app, ["tokn"])
    assert unknown.exit_code == 2
    assert "token" in unknown.output
