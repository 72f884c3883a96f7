"""How each operation is asked with curl and with the Python client: the samples of the reference."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

Node = Mapping[str, Any]  # Any: JSON of the document, whose shape the code here knows
_SERVER = "https://trainyard.example"
_FILES = {"multipart/form-data": "-F files=@cat1.jpg", "application/octet-stream": "-T cats.zip"}
_PLAIN = ("application/json", "text/event-stream", "")


def write_samples(method: str, path: str, operation: Node) -> Iterator[dict[str, JsonValue]]:
    """Yield the samples of an operation that is written down already, parameters and body."""
    yield {"lang": "Shell", "label": "curl", "source": _write_curl(method, path, operation)}
    yield {"lang": "Python", "label": "Python", "source": _write_python(operation)}


def write_events(events: Sequence[tuple[str, JsonValue]]) -> str:
    """Write server-sent events as they come."""
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)


def _write_curl(method: str, path: str, operation: Node) -> str:
    given = {one["name"]: one["example"] for one in _list(operation, "path")}
    query = _list(operation, "query") if method != "GET" else ()
    tail = "&".join(f"{one['name']}={one['example']}" for one in query)
    address = _SERVER + path.format(**given) + (f"?{tail}" if tail else "")
    chosen = "" if method == "GET" else f"-X {method} "
    lines = [f"curl {chosen}{shlex.quote(address)}"]
    if "security" in operation:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [
        f"-H {shlex.quote(one['name'] + ': ' + one['example'])}"
        for one in _list(operation, "header")
        if one["required"]
    ]
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        if media == "application/json":
            body = json.dumps(content["example"], ensure_ascii=False)
            lines += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
        else:
            lines += [] if media.startswith("multipart") else [f"-H 'Content-Type: {media}'"]
            lines.append(_FILES[media])
    return " \\\n  ".join(lines)


def _write_python(operation: Node) -> str:
    name, given = operation["operationId"], [repr(p["example"]) for p in _list(operation, "path")]
    answer = next(one for status, one in operation["responses"].items() if status < "3")
    media, content = next(iter(answer.get("content", {"": {}}).items()))
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            model = str(body["schema"]["$ref"]).rpartition("/")[2]
            fields = ", ".join(f"{key}={value!r}" for key, value in body["example"].items())
            given.append(f"{model}({fields})")
        else:
            given.append("form" if kind.startswith("multipart") else "part")
    if media not in _PLAIN:
        given.append("to=Path('file')")
    call = f"client.{name}({', '.join(given)})"
    is_listed = "/Listing_" in content.get("schema", {}).get("$ref", "")
    if is_listed or media == "text/event-stream":
        return f"async for one in {call}:\n    print(one)"
    return f"found = await {call}" if media else f"await {call}"


def _list(operation: Node, where: str) -> list[Node]:
    return [one for one in operation["parameters"] if one["in"] == where]
