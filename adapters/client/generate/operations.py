"""From an operation of the document to a method of the client, as source text."""

from adapters.client.generate.schemas import LISTING, Node, write_doc, write_type

_JSON = "application/json"
_STREAM = "text/event-stream"


def write_operation(method: str, path: str, operation: Node) -> str:
    """Write the method of an operation: its parameters, its docstring, and how it is asked."""
    answer = _find_answer(operation)
    media, schema = next(iter(answer.get("content", {"": {}}).items()))
    head, ask = _write_ask(operation, media, schema, _write_request(method, path, operation))
    doc = "\n\n".join(filter(None, (operation["summary"], operation.get("description"))))
    return f"    {head}\n{write_doc(doc, '        ')}\n        {ask}\n"


def _write_ask(operation: Node, media: str, content: Node, request: str) -> tuple[str, str]:
    """Write a method's head and its only statement, by what is answered."""
    name, given = operation["operationId"], _write_parameters(operation, media)
    if media == _STREAM:
        kinds = {kind: write_type(one["schema"]) for kind, one in content["x-events"].items()}
        pairs = ", ".join(f'"{kind}": {model}' for kind, model in kinds.items())
        head = f"def {name}({given}) -> AsyncGenerator[{' | '.join(dict.fromkeys(kinds.values()))}, None]:"
        path = request.partition('"GET", ')[2].removesuffix(")")
        return head, f"return self._follow({path}, {{{pairs}}})"
    if not media:
        return f"async def {name}({given}) -> None:", f"await self._do({request})"
    if media != _JSON:
        return f"async def {name}({given}) -> Path:", f"return await self._download({request}, to)"
    if "schema" not in content:
        return f"async def {name}({given}) -> bytes:", f"return await self._do({request})"
    model = write_type(content["schema"])
    if model.startswith(LISTING.replace("_", "[")):
        entry = model.partition("[")[2][:-1]
        head = f"def {name}({given}) -> Pages[{entry}]:"
        return head, f"return self._list({entry}, {request})"
    head = f"async def {name}({given}) -> {model}:"
    return head, f"return await self._ask({model}, {request})"


def _write_parameters(operation: Node, media: str) -> str:
    """Write a method's parameters: ids, then the body, then what has a name."""
    given = ["self"]
    given += [f"{one['name']}: str" for one in _list(operation, "path")]
    if body := _write_body_type(operation):
        given.append(f"body: {body}")
    named = [
        f"{one['name']}: {_write_query_type(one['schema'])} = None"
        for one in _list(operation, "query")
    ]
    headers = {one["name"] for one in _list(operation, "header")}
    named += ['key: str = ""'] if "Idempotency-Key" in headers else []
    named += ["if_match: str | None = None"] if "If-Match" in headers else []
    if media not in ("", _JSON, _STREAM):
        named.append("to: Path")
    return ", ".join([*given, *(["*", *named] if named else [])])


def _write_request(method: str, path: str, operation: Node) -> str:
    parts = [part[1:-1] if part.startswith("{") else f'"{part}"' for part in path.split("/")[3:]]
    given = [f'"{method.upper()}"', f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"]
    if query := _list(operation, "query"):
        given.append("query={" + ", ".join(f'"{q["name"]}": {q["name"]}' for q in query) + "}")
    headers = {one["name"] for one in _list(operation, "header")}
    given += ["body=body"] if _write_body_type(operation) else []
    given += ["key=key"] if "Idempotency-Key" in headers else []
    given += ["if_match=if_match"] if "If-Match" in headers else []
    return f"Request({', '.join(given)})"


def _write_body_type(operation: Node) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    for media, one in content.items():
        if media == "multipart/form-data":
            return "FormData"
        return write_type(one["schema"], taken=True) if media == _JSON else "bytes"
    return ""


def _write_query_type(schema: Node) -> str:
    kind = write_type(schema)
    return kind if kind.endswith("None") else f"{kind} | None"


def _find_answer(operation: Node) -> Node:
    return next(one for status, one in operation["responses"].items() if status.startswith("2"))


def _list(operation: Node, where: str) -> list[Node]:
    return [one for one in operation["parameters"] if one["in"] == where]
