"""The whole of the made code: which model stands in which module, and every file's text."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from adapters.client.generate.operations import write_operation
from adapters.client.generate.schemas import (
    LISTING,
    Node,
    find_references,
    name_schema,
    write_model,
)

_PACKAGE = "adapters.client"
_MADE = "made from the OpenAPI document by `python -m adapters.client.generate`"
_MODEL_IMPORTS = """
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from pydantic import Field, JsonValue
from adapters.client.messages import Answer, Body
"""
_OPERATION_IMPORTS = """
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Literal
from aiohttp import FormData
from adapters.client.connection import Connection, Request
from adapters.client.messages import Listing
from adapters.client.paging import Pages
"""
_OURS = 'lint.isort.known-first-party = ["adapters"]'
_RUFF = (("check", "--fix", "--quiet", "--select", "F401,I"), ("format", "--quiet"))


def make_files(document: Node) -> dict[str, str]:
    """Make every file, by its path below adapters/client/."""
    made: dict[str, str] = {}
    modules = _assign(document)
    homes = {name: tag for tag, names in modules.items() for name in names}
    for tag, names in modules.items():
        if names:
            made[f"models/{_name_module(tag)}.py"] = _write_models(document, tag, names, homes)
    for tag in modules:
        made[f"operations/{_name_module(tag)}.py"] = _write_operations(document, tag, homes)
    made["models/__init__.py"] = _write_models_index(homes)
    made["operations/__init__.py"] = _write_operations_index(list(modules))
    return _tidy(made)


def _assign(document: Node) -> dict[str, list[str]]:
    """Give each schema to the first noun that needs it, after those that it refers to itself.

    So a noun's models refer only to its own and to those of nouns before it.
    """
    schemas = document["components"]["schemas"]
    modules: dict[str, list[str]] = {tag["name"]: [] for tag in document["tags"]}
    seen: set[str] = set()

    def add(name: str, tag: str) -> None:
        if name not in seen:
            seen.add(name)
            for needed in find_references(schemas[name]):
                add(needed, tag)
            if not name.startswith(LISTING) and name != "JsonValue":
                modules[tag].append(name)

    for tag in modules:
        for _, _, operation in _list_operations(document, tag):
            for name in _find_models(operation):
                add(name, tag)
    return modules


def _find_models(operation: Node) -> Iterator[str]:
    """Yield the models of a JSON body, of what is answered when all goes well, and of the query."""
    for media, one in operation.get("requestBody", {}).get("content", {}).items():
        if media == "application/json":
            yield from find_references(one)
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield from find_references(answer)
    yield from find_references(operation["parameters"])


def _write_models(document: Node, tag: str, names: list[str], homes: Mapping[str, str]) -> str:
    schemas = document["components"]["schemas"]
    taken = _find_taken(document)
    bodies = {name_schema(n): write_model(n, schemas[n], taken=n in taken) for n in names}
    text = "\n\n".join(bodies.values())
    imports = _import_models(text, {n: t for n, t in homes.items() if t != tag})
    return f'"""Models of {tag}; {_MADE}."""\n{_MODEL_IMPORTS}{imports}\n{text}'


def _find_taken(document: Node) -> set[str]:
    """Find the models that are sent, and what is inside of them."""
    schemas = document["components"]["schemas"]
    found: set[str] = set()
    waiting = [
        name
        for item in document["paths"].values()
        for operation in item.values()
        for name in find_references(operation.get("requestBody", {}))
    ]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += find_references(schemas[name])
    return found


def _write_operations(document: Node, tag: str, homes: Mapping[str, str]) -> str:
    methods = "\n".join(
        write_operation(method, path, operation)
        for method, path, operation in _list_operations(document, tag)
    )
    head = f'class {_name_class(tag)}(Connection):\n    """The operations on {tag}."""\n\n'
    return (
        f'"""Operations on {tag}; {_MADE}."""\n{_OPERATION_IMPORTS}'
        f"{_import_models(methods, homes)}\n\n{head}{methods}"
    )


def _import_models(text: str, homes: Mapping[str, str]) -> str:
    """Import the models whose names stand in a text."""
    words = set(re.findall(r"\w+", text))
    return "".join(
        f"from {_PACKAGE}.models.{_name_module(tag)} import {name_schema(name)}\n"
        for name, tag in homes.items()
        if name_schema(name) in words
    )


def _write_models_index(homes: Mapping[str, str]) -> str:
    lines = {
        f"from {_PACKAGE}.models.{_name_module(tag)} import {name_schema(n)} as {name_schema(n)}"
        for n, tag in homes.items()
    }
    return f'"""Every model; {_MADE}."""\n' + "\n".join(sorted(lines)) + "\n"


def _write_operations_index(tags: list[str]) -> str:
    imports = "".join(
        f"from {_PACKAGE}.operations.{_name_module(tag)} import {_name_class(tag)}\n"
        for tag in tags
    )
    parents = ", ".join(_name_class(tag) for tag in tags)
    doc = '    """Every operation of the API."""\n'
    return f'"""Every operation; {_MADE}."""\n{imports}\n\nclass EveryOperation({parents}):\n{doc}'


def _list_operations(document: Node, tag: str) -> Iterator[tuple[str, str, Node]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["tags"][0] == tag:
                yield method, path, operation


def _name_module(tag: str) -> str:
    return re.sub(r"\W+", "_", tag)


def _name_class(tag: str) -> str:
    return "".join(part.title() for part in re.split(r"\W+", tag)) + "Operations"


def _tidy(made: Mapping[str, str]) -> dict[str, str]:
    """Remove imports that are not needed, and format."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in made.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
        config = Path(__file__).parents[3] / "pyproject.toml"
        for step in _RUFF:
            given = ["--config", str(config), "--config", _OURS, str(root)]
            subprocess.run([sys.executable, "-m", "ruff", *step, *given], check=True)
        return {name: (root / name).read_text() for name in made}
