"""The OpenAPI 3.1 document, made from the operations and the pydantic models that serve them."""

import inspect
from collections.abc import Iterable, Sequence

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from adapters.web.code_samples import write_events, write_samples
from adapters.web.cookies import CSRF_HEADER, SAFE_METHODS
from adapters.web.examples import Examples
from adapters.web.problems import PROBLEM_JSON, Problem, get_status
from adapters.web.routing import KEY_HEADER, PREFIX, Operation
from core.errors import (
    ChangedError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooLargeError,
    TooManyRequestsError,
    TrainyardError,
    UnauthenticatedError,
)

Node = dict[str, JsonValue]
Mode = JsonSchemaMode
_REF = "#/components/schemas/{model}"


def make_document(operations: Sequence[Operation], version: str, cookie: str) -> Node:
    """Describe every operation; `cookie` is the name of the session's."""
    references, schemas = _make_schemas(operations)
    writer = _Writer(references, schemas, Examples(schemas))
    paths: dict[str, JsonValue] = {}
    for operation in operations:
        item = paths.setdefault(PREFIX + operation.path, {})
        assert isinstance(item, dict)
        item[operation.method.lower()] = writer.write(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Trainyard",
            "version": version,
            "description": "Gather datasets, buy trainings with points, download LoRA models, generate with them.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(o.tag for o in operations)],
        "paths": paths,
        "components": {
            "schemas": {**schemas},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token, made in a chat or by `POST /me/tokens`.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": cookie,
                    "description": "The cookie of somebody who signed in by a link.",
                },
            },
        },
    }


References = dict[tuple[type[BaseModel], Mode], str]


def _make_schemas(operations: Iterable[Operation]) -> tuple[References, dict[str, Node]]:
    """Make the schema of every model once, and say by which name each is known."""
    wanted: dict[tuple[type[BaseModel], Mode], None] = {(Problem, "serialization"): None}
    for operation in operations:
        for form in (operation.body, operation.query, operation.upload):
            if form is not None:
                wanted[form, "validation"] = None
        for view in (operation.answer, *operation.events.values()):
            if view is not None:
                wanted[view, "serialization"] = None
    made, definitions = models_json_schema(list(wanted), ref_template=_REF)
    references = {key: str(made[key]["$ref"]) for key in wanted}
    return references, definitions["$defs"]


class _Writer:
    """Writes operations down, with references to the schemas of their models."""

    def __init__(
        self, references: References, schemas: dict[str, Node], examples: Examples
    ) -> None:
        self._references = references
        self._schemas = schemas
        self._examples = examples

    def write(self, operation: Operation) -> Node:
        node: Node = {
            "operationId": operation.name,
            "summary": operation.summary,
            "tags": [operation.tag],
            "parameters": [
                self._examples.add_to(one, operation.name) for one in self._parameters(operation)
            ],
            "responses": {**self._answers(operation), **self._problems(operation)},
        }
        if operation.description:
            node["description"] = operation.description
        if operation.scope is not None:
            node["security"] = [{"bearer": [operation.scope.value]}, {"session": []}]
        if operation.body is not None:
            node["requestBody"] = self._body("application/json", operation.body)
        if operation.upload is not None:
            node["requestBody"] = self._body("multipart/form-data", operation.upload)
        if operation.takes:
            node["requestBody"] = {"required": True, "content": {operation.takes: {}}}
        node["x-codeSamples"] = [*write_samples(operation.method, PREFIX + operation.path, node)]
        return node

    def _body(self, media: str, form: type[BaseModel]) -> Node:
        return {"required": True, "content": {media: self._content(form, "validation")}}

    def _answers(self, operation: Operation) -> Node:
        content: Node = {operation.media: {}}
        if operation.answer is not None:
            content = {operation.media: self._content(operation.answer, "serialization")}
        if operation.events:
            events = {n: self._content(v, "serialization") for n, v in operation.events.items()}
            told = [(name, event["example"]) for name, event in events.items()]
            content = {operation.media: {"x-events": {**events}, "example": write_events(told)}}
        answer: Node = {"description": operation.summary}
        if operation.status != 204:
            answer["content"] = content
        return {str(operation.status): answer}

    def _problems(self, operation: Operation) -> Node:
        kinds: dict[str, list[type[TrainyardError]]] = {}
        for kind in _errors(operation):
            kinds.setdefault(str(get_status(kind).value), []).append(kind)
        schema: Node = {**self._schema(Problem, "serialization")}
        return {
            status: {
                "description": "\n\n".join(map(_word, found)),
                "x-codes": [kind.code for kind in found],
                "content": {PROBLEM_JSON: {**schema, "example": _make_problem(found[0])}},
            }
            for status, found in sorted(kinds.items())
        }

    def _content(self, model: type[BaseModel], mode: Mode) -> Node:
        """Write a model as a body or an answer, with an example."""
        schema = self._schema(model, mode)
        return {**schema, "example": self._examples.make(schema["schema"])}

    def _schema(self, model: type[BaseModel], mode: Mode) -> dict[str, Node]:
        return {"schema": {"$ref": self._references[model, mode]}}

    def _parameters(self, operation: Operation) -> Iterable[Node]:
        for name in operation.path_params:
            yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        if operation.query is not None:
            model = self._references[operation.query, "validation"].rpartition("/")[2]
            properties = self._schemas[model]["properties"]
            assert isinstance(properties, dict)
            for name, schema in properties.items():
                yield {"name": name, "in": "query", "required": False, "schema": schema}
        if operation.scope is not None and operation.method not in SAFE_METHODS:
            yield {
                "name": CSRF_HEADER,
                "in": "header",
                "required": False,
                "description": "Needed with a session's cookie, not with a token: see `GET /me/session`.",
                "schema": {"type": "string", "maxLength": 200},
            }
        if operation.takes_version:
            yield {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The ETag that you read: it is answered 412 when somebody else has changed it since.",
                "schema": {"type": "string", "maxLength": 200},
            }
        if operation.idempotent_by_key:
            yield {
                "name": KEY_HEADER,
                "in": "header",
                "required": True,
                "description": "Send the same key when you repeat the request: it is then one purchase.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }


def _errors(operation: Operation) -> Iterable[type[TrainyardError]]:
    """List what can go wrong: what follows from the signature, then what is declared."""
    kinds: list[type[TrainyardError]] = []
    if operation.scope is not None:
        kinds += [UnauthenticatedError, ForbiddenError]
    if operation.path_params:
        kinds.append(NotFoundError)
    if operation.body or operation.query or operation.upload or operation.idempotent_by_key:
        kinds.append(InvalidError)
    if operation.takes_version:
        kinds.append(ChangedError)
    if operation.body is not None or operation.takes:
        kinds.append(TooLargeError)
    return dict.fromkeys([*kinds, TooManyRequestsError, *operation.errors])


def _make_problem(kind: type[TrainyardError]) -> Node:
    """Make an example of a problem, as the error door would answer it."""
    status = get_status(kind)
    detail = (inspect.getdoc(kind) or "").partition("\n")[0]
    return Problem(title=status.phrase, status=status, detail=detail, code=kind.code).model_dump(
        mode="json", exclude={"errors"}
    )


def _word(kind: type[TrainyardError]) -> str:
    return f"`{kind.code}`: {(inspect.getdoc(kind) or '').partition(chr(10))[0]}"
