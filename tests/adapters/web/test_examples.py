"""Every operation of the document has examples, and they are true: of its schemas, its models and its client."""

import ast
import inspect
import json
import shlex
from collections.abc import Iterator

import pytest
from openapi_schema_validator import OAS31Validator

from adapters.client import TrainyardClient, models
from adapters.client.messages import Listing
from adapters.web.app import describe_api, list_operations
from adapters.web.examples import Examples
from adapters.web.routing import Operation
from tests.adapters.web.conftest import Json

DOCUMENT: Json = json.loads(json.dumps(describe_api()))
OPERATIONS: dict[str, Json] = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
}
BYTES = ("image/", "application/zip", "application/octet-stream", "multipart/", "text/csv")
"""What is no text that an example could show."""


def list_contents(operation: Json) -> Iterator[tuple[str, Json]]:
    """List the bodies and answers of an operation, by their media."""
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).items()


def check(schema: Json, example: Json, name: str) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    found = [error.message for error in OAS31Validator(whole).iter_errors(example)]
    assert found == [], name


def test_every_body_and_answer_has_an_example_of_its_schema() -> None:
    checked = 0
    for name, operation in OPERATIONS.items():
        for media, content in list_contents(operation):
            if "schema" in content and not media.startswith(BYTES):
                check(content["schema"], content["example"], name)
                checked += 1
            for event in content.get("x-events", {}).values():
                check(event["schema"], event["example"], name)
            if media == "text/event-stream":
                assert content["example"].count("event: ") == len(content["x-events"])
    assert checked > 500


@pytest.mark.parametrize("operation", list_operations(), ids=lambda operation: operation.name)
def test_an_example_is_taken_by_the_server_and_understood_by_the_client(
    operation: Operation,
) -> None:
    node = OPERATIONS[operation.name]
    if operation.body is not None:
        operation.body.model_validate(node["requestBody"]["content"]["application/json"]["example"])
    if operation.answer is not None:
        (answer,) = [one for status, one in node["responses"].items() if status < "3"]
        content = answer["content"]["application/json"]
        name = content["schema"]["$ref"].rpartition("/")[2]
        entry = getattr(models, name.removeprefix("Listing_").removesuffix("_"))
        model = Listing[entry] if name.startswith("Listing_") else entry  # type: ignore[valid-type]  # chosen by name
        model.read(json.dumps(content["example"]).encode())


def test_every_parameter_that_is_needed_has_an_example() -> None:
    for name, operation in OPERATIONS.items():
        for param in operation["parameters"]:
            if "example" in param:
                check(param["schema"], param["example"], f"{name}.{param['name']}")
            assert "example" in param or not param["required"], f"{name}.{param['name']}"


def test_no_field_is_without_a_value_in_the_table() -> None:
    """A new field gets its value in adapters/web/example_values.py."""
    examples = Examples(DOCUMENT["components"]["schemas"])
    for operation in OPERATIONS.values():
        for _, content in list_contents(operation):
            for one in (content, *content.get("x-events", {}).values()):
                examples.make(one.get("schema", {"type": "boolean"}))
    of_problems = {"Problem.title", "Problem.status", "Problem.detail"}  # made of the error
    assert examples.missing - of_problems == set()


def test_every_operation_says_its_codes_and_shows_such_a_problem() -> None:
    for name, operation in OPERATIONS.items():
        failing = {s: a for s, a in operation["responses"].items() if s >= "4"}
        assert "too_many_requests" in failing["429"]["x-codes"], name
        for status, answer in failing.items():
            example = answer["content"]["application/problem+json"]["example"]
            assert example["code"] == answer["x-codes"][0] and example["status"] == int(status)
            assert all(f"`{code}`" in answer["description"] for code in answer["x-codes"])


def test_the_samples_ask_what_the_operation_takes() -> None:
    for name, operation in OPERATIONS.items():
        curl, python = (sample["source"] for sample in operation["x-codeSamples"])
        words = shlex.split(curl)
        assert (
            words[0] == "curl" and "{" not in words[words.index("-X") + 2 if "-X" in words else 1]
        )
        if "-d" in words:
            body = operation["requestBody"]["content"]["application/json"]["example"]
            assert json.loads(words[words.index("-d") + 1]) == body
        (call,) = (
            node
            for node in ast.walk(
                ast.parse(f"async def sample():\n {python.replace(chr(10), chr(10) + ' ')}")
            )
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
        )
        signature = inspect.signature(getattr(TrainyardClient, name))
        signature.bind(None, *call.args, **{str(k.arg): k.value for k in call.keywords})
        for given in call.args:
            if isinstance(given, ast.Call) and isinstance(given.func, ast.Name):
                fields = {str(k.arg): ast.literal_eval(k.value) for k in given.keywords}
                getattr(models, given.func.id)(**fields)
