"""What is made from the document is never behind it, and the client stands alone."""

import inspect
import json
import subprocess
import sys
from pathlib import Path

from adapters.client import TrainyardClient, errors
from adapters.client.generate.__main__ import FOLDER
from adapters.client.generate.files import make_files
from adapters.web.app import describe_api, list_operations
from core.errors import TrainyardError

ROOT = Path(__file__).resolve().parents[3]
LIGHT = "aiohttp", "pydantic"
HEAVY = "torch motor pymongo discord telegram redis arq aioboto3 PIL numpy cryptography typer core bots config worker"
AGAIN = "trainyard openapi | python -m adapters.client.generate"


def test_models_and_operations_are_those_of_the_document() -> None:
    document = json.loads(json.dumps(describe_api()))
    made = make_files(document)
    found = {
        str(file.relative_to(FOLDER)): file.read_text()
        for part in ("models", "operations")
        for file in (FOLDER / part).glob("*.py")
    }
    assert {n for n in found.keys() | made.keys() if found.get(n) != made.get(n)} == set(), AGAIN


def test_every_operation_has_a_method() -> None:
    for operation in list_operations():
        method = getattr(TrainyardClient, operation.name, None)
        assert callable(method), f"{operation.name} is missing; {AGAIN}"
        given = inspect.signature(method).parameters
        assert set(operation.path_params) <= set(given), operation.name
        assert ("key" in given) == operation.idempotent_by_key, operation.name
        assert ("if_match" in given) == operation.takes_version, operation.name


def test_every_code_of_the_document_is_an_error_of_its_own() -> None:
    known = {code for kind in errors.KINDS for code in kind.codes}
    told = {
        code
        for item in json.loads(json.dumps(describe_api()))["paths"].values()
        for operation in item.values()
        for answer in operation["responses"].values()
        for code in answer.get("x-codes", ())
    }
    assert len(told) > 9 and told <= known
    assert known <= {kind.code for kind in _list_kinds(TrainyardError)}


def _list_kinds(kind: type[TrainyardError]) -> list[type[TrainyardError]]:
    return [kind, *(one for child in kind.__subclasses__() for one in _list_kinds(child))]


def test_the_client_is_imported_without_the_server() -> None:
    program = (
        "import sys, adapters.client, adapters.client.models\n"
        f"found = set({HEAVY!r}.split()) & set(sys.modules)\n"
        f"assert not found, found\nassert set({LIGHT!r}) <= set(sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
