"""The reference as a page: the OpenAPI document written out, without a script, once when the server starts."""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiohttp import web

from adapters.web.headers import make_page_headers

Node = Mapping[str, Any]  # Any: JSON of the document, whose shape the code below knows
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Trainyard</title>
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/static/design.css">
<link rel="stylesheet" href="/static/reference.css">
</head>
<body>
<header>
<h1>API reference</h1>
<p>{description} Version {version}; for programs: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<p>Send a token as <code>Authorization: Bearer ty_…</code>. Errors have a stable <code>code</code> and
a <code>detail</code> for people. Lists answer <code>next</code>: send it as <code>after</code>.
In Python, <code>adapters.client</code> has a method for each operation.</p>
</header>
<nav aria-label="Contents"><ul>{contents}</ul></nav>
<main>
{sections}
<section id="schemas"><h2>Schemas</h2>{schemas}</section>
</main>
</body>
</html>
"""


def make_reference(document: Node) -> web.RouteDef:
    """Make the route of the page; every open tag, text and anchor in it comes from the document."""
    body = _write(document).encode()

    async def show(request: web.Request) -> web.Response:
        headers = {**make_page_headers(request), "Cache-Control": "no-cache"}
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)

    return web.get("/reference", show)


def _write(document: Node) -> str:
    tags = [tag["name"] for tag in document["tags"]]
    by_tag: dict[str, list[str]] = {tag: [] for tag in tags}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_tag[operation["tags"][0]].append(_write_operation(method, path, operation))
    contents = [*tags, "schemas"]
    return _PAGE.format(
        description=html.escape(document["info"]["description"]),
        version=html.escape(document["info"]["version"]),
        contents="".join(
            f'<li><a href="#{_slug(tag)}">{html.escape(tag)}</a></li>' for tag in contents
        ),
        sections="\n".join(
            f'<section id="{_slug(tag)}"><h2>{html.escape(tag)}</h2>{"".join(written)}</section>'
            for tag, written in by_tag.items()
        ),
        schemas="".join(
            _write_schema(name, schema)
            for name, schema in sorted(document["components"]["schemas"].items())
        ),
    )


def _write_operation(method: str, path: str, operation: Node) -> str:
    return (
        f'<details id="{operation["operationId"]}"><summary>'
        f'<b class="{method}">{method.upper()}</b> <code>{_break(path)}</code> '
        f"<span>{_text(operation['summary'])}</span></summary>"
        f"{_paragraphs(operation.get('description', ''))}"
        f"<p>{_write_access(operation)}</p>{_write_samples(operation['x-codeSamples'])}"
        f"{_write_parameters(operation['parameters'])}{_write_body(operation)}"
        f"{_write_responses(operation['responses'])}</details>"
    )


def _write_access(operation: Node) -> str:
    for way in operation.get("security", ()):
        for scope in way.get("bearer", ()):
            return f"For whoever is signed in, or has a token with the scope <code>{scope}</code>."
    return "Open to everyone."


def _write_parameters(parameters: list[Node]) -> str:
    rows = [
        (
            f"<code>{html.escape(one['name'])}</code>",
            one["in"] + ("" if one["required"] else ", optional"),
            _describe(one["schema"]),
            _text(one.get("description") or one["schema"].get("description", "")),
        )
        for one in parameters
    ]
    return _table("Parameters", ("Name", "Where", "Type", "Meaning"), rows)


def _write_body(operation: Node) -> str:
    written = ""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        kind = _describe(content["schema"]) if "schema" in content else "bytes"
        written += f"<h3>Body</h3><p><code>{html.escape(media)}</code>: {kind}</p>"
        written += _write_example(content, "Example of a body")
    return written


def _write_samples(samples: Sequence[Node]) -> str:
    return "".join(
        f"<h3>{html.escape(sample['label'])}</h3><pre>{html.escape(sample['source'])}</pre>"
        for sample in samples
    )


def _write_example(content: Node, title: str) -> str:
    if "example" not in content:
        return ""
    found = content["example"]
    text = found if isinstance(found, str) else json.dumps(found, indent=2, ensure_ascii=False)
    return (
        f'<details class="example"><summary>{title}</summary>'
        f"<pre>{html.escape(text.strip())}</pre></details>"
    )


def _write_responses(responses: Node) -> str:
    rows, examples = [], ""
    for status, response in responses.items():
        contents = response.get("content", {}).items()
        kinds = [
            _describe(content["schema"]) if "schema" in content else html.escape(media)
            for media, content in contents
        ]
        words = _text(response["description"]).replace("\n\n", "<br>")
        rows.append((f"<code>{status}</code>", " ".join(kinds), words))
        if "x-codes" not in response:
            examples += "".join(_write_example(one, "Example of an answer") for _, one in contents)
    return (
        _table("Answers, and the codes of errors", ("Status", "Type", "Meaning"), rows) + examples
    )


def _write_schema(name: str, schema: Node) -> str:
    needed = schema.get("required", ())
    rows = [
        (
            f"<code>{html.escape(field)}</code>",
            _describe(one) + ("" if field in needed else ", optional"),
            _text(one.get("description", "")),
        )
        for field, one in schema.get("properties", {}).items()
    ]
    values = ", ".join(f"<code>{html.escape(str(one))}</code>" for one in schema.get("enum", ()))
    examples = "".join(
        f"<pre>{html.escape(json.dumps(one, indent=2, ensure_ascii=False))}</pre>"
        for one in schema.get("examples", ())
    )
    return (
        f'<details id="schema-{_slug(name)}"><summary><code>{html.escape(name)}</code></summary>'
        f"{_paragraphs(schema.get('description', ''))}<p>{values}</p>"
        f"{_table('Fields', ('Name', 'Type', 'Meaning'), rows)}{examples}</details>"
    )


def _describe(schema: Node) -> str:
    """Say in a few words which values a schema takes."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f'<a href="#schema-{_slug(name)}">{html.escape(name.rpartition("__")[2])}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_describe, schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"<code>{html.escape(str(one))}</code>" for one in schema["enum"])
    kind = html.escape(str(schema.get("format") or schema.get("type", "anything")))
    if kind == "array" and "items" in schema:
        return f"list of {_describe(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"{_describe(schema['additionalProperties'])} by name"
    return " ".join([kind, *_list_bounds(schema)])


def _list_bounds(schema: Node) -> Iterator[str]:
    words = {"minimum": "from", "maximum": "to", "maxLength": "of at most"}
    for name, word in words.items():
        if name in schema:
            yield f"{word} {schema[name]:,}" + (" characters" if name == "maxLength" else "")
    if schema.get("default") not in (None, ""):
        yield f"(<code>{html.escape(json.dumps(schema['default']))}</code>)"


def _table(title: str, heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{name}</th>" for name in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<h3>{title}</h3><div class="wide" tabindex="0" role="group" aria-label="{title}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_text(part)}</p>" for part in text.split("\n\n") if part.strip())


def _text(text: str) -> str:
    """Write text down, and what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)
    )


def _break(path: str) -> str:
    """Let a long path be broken before each of its parts."""
    return html.escape(path).replace("/", "<wbr>/")


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name)
