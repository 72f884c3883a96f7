"""From JSON Schema to Python: types, and models as source text."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

Node = Mapping[str, Any]  # Any: JSON of the document, whose shape the code here knows
_FORMATS = {"date-time": "datetime", "date": "date"}
_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, JsonValue]",
}
_WIDTH = 114
LISTING = "Listing_"


def name_schema(name: str) -> str:
    """Return a class name: of two enumerations with one name each keeps its module's noun."""
    if "__" in name:
        _, noun, *_, last = name.split("__")
        return noun.removesuffix("s").title().replace("_", "") + last
    return name.removesuffix("-Input").removesuffix("-Output")


def name_reference(node: Node) -> str:
    """Return the name, in the document, of the schema that is referred to."""
    return str(node["$ref"]).rpartition("/")[2]


def find_references(node: object) -> Iterator[str]:
    """Yield the names of all schemas that a part of the document refers to."""
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield name_reference(node)
        for value in node.values():
            yield from find_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_references(value)


def write_type(node: Node, *, taken: bool = False) -> str:
    """Write a schema as a type; what is `taken` may be any sequence and mapping."""
    if "$ref" in node:
        name = name_reference(node)
        if name.startswith(LISTING):
            return f"Listing[{name_schema(name[len(LISTING) : -1])}]"
        return name_schema(name)
    if "anyOf" in node:
        return " | ".join(dict.fromkeys(write_type(one, taken=taken) for one in node["anyOf"]))
    if "enum" in node:
        return f"Literal[{', '.join(map(_quote, node['enum']))}]"
    kind = node.get("type")
    if kind == "array":
        entry = write_type(node["items"], taken=taken)
        return f"Sequence[{entry}]" if taken else f"tuple[{entry}, ...]"
    if kind == "object" and isinstance(node.get("additionalProperties"), Mapping):
        value = write_type(node["additionalProperties"], taken=taken)
        return f"{'Mapping' if taken else 'dict'}[str, {value}]"
    return _FORMATS.get(node.get("format", "")) or _TYPES.get(kind or "", "JsonValue")


def write_model(name: str, node: Node, *, taken: bool) -> str:
    """Write an object as a model, an enumeration as a name for its values."""
    title = name_schema(name)
    if "enum" in node:
        doc = write_doc(node.get("description", ""), "")
        return f"{title} = {write_type(node)}\n{doc}"
    if "properties" not in node:
        return f"{title} = {write_type(node)}\n"
    lines = [f"class {title}({'Body' if taken else 'Answer'}):"]
    lines.append(write_doc(node.get("description") or f"{title}.", "    "))
    needed = node.get("required", ())
    for field, one in node["properties"].items():
        default = "" if field in needed else f" = {_write_default(one)}"
        lines.append(f"    {field}: {write_type(one, taken=taken)}{default}")
        if "description" in one:
            lines.append(write_doc(one["description"], "    "))
    return "\n".join(lines) + "\n"


def write_doc(text: str, indent: str) -> str:
    """Write a docstring."""
    parts = [
        textwrap.fill(
            " ".join(part.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent
        )
        for part in text.split("\n\n")
        if part.strip()
    ]
    body = "\n\n".join(parts).strip().replace("\\", "\\\\")
    if not body:
        return ""
    end = f"\n{indent}" if "\n" in body else ""
    return f'{indent}"""{body}{end}"""'


def _write_default(node: Node) -> str:
    value = node.get("default")
    if value == {}:
        return "Field(default_factory=dict)"
    if isinstance(value, list):
        return f"({''.join(f'{_quote(one)}, ' for one in value)})"
    return _quote(value)


def _quote(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
