"""Examples of every body and answer, made from their schemas and one table of values, so that none is forgotten."""

from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from adapters.web.example_values import VALUES

Node = Mapping[str, Any]  # Any: JSON of the document, whose shape the code here knows
_KINDS: dict[type, tuple[str | None, ...]] = {
    str: ("string", None),
    int: ("integer", "number", None),
    float: ("number", None),
    bool: ("boolean", None),
    dict: ("object", None),
    type(None): ("null", None),
}
_NOTHING: dict[str, JsonValue] = {"string": "", "integer": 0, "number": 0.0, "boolean": False}


class Examples:
    """Makes examples of schemas; one that a schema brings itself comes first."""

    def __init__(self, schemas: Node) -> None:
        self._schemas = schemas
        self.missing: set[str] = set()
        """Fields of which the table says nothing, met so far."""

    def make(self, schema: Node) -> JsonValue:
        """Make an example of a schema that the document refers to, or of a part of it."""
        return self._make(schema, "", "")

    def add_to(self, param: Node, operation: str) -> dict[str, Any]:  # Any: as above
        """Add an example to a parameter, unless it is best left out."""
        name, schema = param["name"], param["schema"]
        found = (
            self._make(schema, operation, name) if "default" not in schema else schema["default"]
        )
        return {**param, "example": found} if found is not None else {**param}

    def _make(self, schema: Node, model: str, field: str) -> JsonValue:
        if f"{model}.{field}" in VALUES:
            return VALUES[f"{model}.{field}"]
        if field in VALUES and self._takes(schema, VALUES[field]):
            return VALUES[field]
        if "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            return self._make_named(name)
        if "anyOf" in schema:
            return self._make(_choose(schema["anyOf"]), model, field)
        return self._make_plain(schema, model, field)

    def _takes(self, schema: Node, value: JsonValue) -> bool:
        """Say whether a value is of a kind that a schema takes: one word may name a list and a count."""
        if "$ref" in schema:
            return self._takes(self._schemas[str(schema["$ref"]).rpartition("/")[2]], value)
        if "anyOf" in schema:
            return any(self._takes(one, value) for one in schema["anyOf"])
        return schema.get("type") in _KINDS[type(value)] and "enum" not in schema

    def _make_named(self, name: str) -> JsonValue:
        schema = self._schemas[name]
        if "examples" in schema:
            return schema["examples"][0]  # type: ignore[no-any-return]  # JSON
        if "properties" not in schema:
            return self._make_plain(schema, name, "")
        return {field: self._make(one, name, field) for field, one in schema["properties"].items()}

    def _make_plain(self, schema: Node, model: str, field: str) -> JsonValue:
        if "enum" in schema:
            return schema["enum"][0]  # type: ignore[no-any-return]  # JSON
        if schema.get("default") is not None:
            return schema["default"]  # type: ignore[no-any-return]  # JSON
        kind = schema.get("type", "")
        if kind == "array":
            return [self._make(schema["items"], model, f"{field}[]")]
        if schema.get("format") in VALUES:
            return VALUES[schema["format"]]
        if kind != "boolean":
            self.missing.add(f"{model}.{field}")
        return _NOTHING.get(kind, {} if kind == "object" else None)


def _choose(schemas: list[Node]) -> Node:
    return next(one for one in schemas if one.get("type") != "null")
