"""docs/guides/settings.md, made from Settings: every variable with its default and what it is."""

import ast
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config import settings as module
from config.settings import Settings

_HEAD = """# Every setting

Made from `config/settings.py` by `trainyard settings`; a test keeps it fresh. Each is a variable of the environment, or
a line of a `.env` file in the folder where `trainyard` is started; `TRAINYARD_ENV_FILE` names another
file. Lists are JSON: `["train", "generate"]`.

| variable | default | what it is |
|---|---|---|
"""


def write_reference() -> str:
    """Write the page."""
    words = read_descriptions()
    lines = []
    for name, field in Settings.model_fields.items():
        text = words.get(name, "").replace("|", "\\\\|")
        lines.append(f"| `TRAINYARD_{name.upper()}` | {_show_default(field)} | {text} |")
    return _HEAD + "\n".join(lines) + "\n"


def read_descriptions() -> dict[str, str]:
    """Read what stands below each setting; several without a word of their own share the next one's."""
    source = Path(module.__file__).read_text("utf-8")
    body = next(
        node.body
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Settings"
    )
    found: dict[str, str] = {}
    waiting: list[str] = []
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            waiting.append(node.target.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            text = " ".join(str(node.value.value).split())
            found.update(dict.fromkeys(waiting, text))
            waiting = []
        elif waiting and isinstance(node, ast.FunctionDef):
            break
    return found


def _show_default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr) or value in ("", None):
        return "empty"
    if isinstance(value, Path):
        return "the shipped one" if value.is_absolute() else f"`{value}`"
    if isinstance(value, tuple):
        return "see below" if value and not isinstance(value[0], str | int) else _show_list(value)
    return f"`{value}`"


def _show_list(values: tuple[object, ...]) -> str:
    return "`[" + ", ".join(f'"{value}"' for value in values) + "]`"
