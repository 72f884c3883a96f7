"""Every text that people can read: those of bots, by babel's own extraction, and the errors of core and images."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"N_": None, "say": None, "count": (1, 2)}
_ERRORS = (
    "core",
    "adapters/images",
    "adapters/console",
    "adapters/fetching.py",
    "adapters/identity_providers",
    "adapters/web/cookies.py",
    "adapters/web/limiting.py",
    "adapters/web/signing_in.py",
    "adapters/discord",
    "adapters/mongo",
    "adapters/s3",
    "adapters/telegram",
    "worker/training",
    "bots",
)
_SPOKEN = ("bots", "adapters/console", "adapters/discord", "adapters/telegram", "adapters/web")
_OPERATORS = {
    # Read by operators and programs, or raised for what a person cannot do in a conversation.
    "core/offerings/captioning.py",
    "core/offerings/catalogue.py",
    "core/jobs/leases.py",
    "core/records.py",
    "adapters/telegram/client.py",
    "adapters/discord/direct_messages.py",
    "adapters/discord/door.py",
    "adapters/discord/syncing.py",
    "core/points/reconcile.py",
    "core/topups/refunds.py",
}

_OURS = ("OSError", "ValueError", "TypeError", "KeyError", "ScriptError")
"""Errors of the program, which nobody is shown."""

Message = str | tuple[str, str]


def extract_spoken() -> set[Message]:
    """Return the texts of bots and of the terminal; those that depend on a number as (one, many)."""
    found: set[Message] = set()
    for folder in _SPOKEN:
        for row in extract_from_dir(str(ROOT / folder), [("**.py", "python")], keywords=KEYWORDS):
            message = row[2]
            found.add(message if isinstance(message, str) else (message[0], message[1]))
    return {message for message in found if message}


def extract_errors() -> set[str]:
    """Return what errors say, with {0}, {1}, … where something is put in."""
    found = set()
    for folder in _ERRORS:
        place = ROOT / folder
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            if str(file.relative_to(ROOT)) not in _OPERATORS:
                found |= set(_find_errors(ast.parse(file.read_text())))
    return found


def extract_told() -> set[str]:
    """Return what prompts are warned of, and what lines of the statement are for."""
    found = set()
    for file in sorted((ROOT / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found |= {write_template(node.args[0], {})} if node.func.attr == "warn" else set()
            elif isinstance(node, ast.FunctionDef) and node.name in ("note", "_tell_renamed"):
                parts = {part for part in ast.walk(node) if isinstance(part, ast.JoinedStr)}
                found |= {write_template(part, {}) for part in parts}
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "note":
                found |= {write_template(node.value, {})}
    return found - {""}


def extract_catalogue() -> set[str]:
    """Return what the catalogues say of offerings and of their settings."""
    found = set()
    for name in ("training_offerings", "generation"):
        (offers,) = tomllib.loads((ROOT / "config" / f"{name}.toml").read_text()).values()
        for offer in offers:
            found |= {param["help"] for param in offer["params"].values()}
            found |= {offer["summary"]} if "summary" in offer else set()
    return found


def _find_errors(tree: ast.Module) -> Iterator[str]:
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id == "Failure":
            said = next(word.value for word in node.keywords if word.arg == "message")
        elif node.func.id.endswith("Error") and node.args and node.func.id not in _OURS:
            said = node.args[0]
        else:
            continue
        said = constants.get(said.id, said) if isinstance(said, ast.Name) else said
        text = write_template(said, constants)
        if text:
            yield text


def write_template(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """Write a text or f-string with numbered places; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    text, places = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        assert isinstance(part, ast.FormattedValue)
        known = constants.get(part.value.id) if isinstance(part.value, ast.Name) else None
        if isinstance(known, ast.Constant) and isinstance(known.value, str):
            text += known.value
            continue
        text += f"{{{places}}}"
        places += 1
    return text
