"""Operations, declared once: the aiohttp routes and the OpenAPI document are both made from them.

A handler's signature is part of its declaration: a parameter named as in the path takes that part
of it, `body` and `query` are parsed by their annotated models, `idempotency_key` takes that header
and `version` the one that If-Match wants, and the returned model is the answer's schema. The
docstring's first line is the summary.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict, TypeVar, Unpack, get_type_hints

from aiohttp import web
from aiohttp.typedefs import Handler

from adapters.web.auth import NOBODY, authenticate
from adapters.web.bodies import read_json, read_query
from adapters.web.conditions import answer_json, read_version
from adapters.web.limiting import LIMITS, Action
from adapters.web.problems import read_words
from adapters.web.views.common import Form, View
from bots.wording import Words
from core.accounts.records import Principal, Scope
from core.accounts.tokens import require_scope
from core.errors import TrainyardError, UnauthenticatedError
from core.studio import Studio

PREFIX = "/api/v1"
KEY_HEADER = "Idempotency-Key"
"""The core refuses a submission without one."""
STUDIO: web.AppKey[Studio] = web.AppKey("studio", Studio)


@dataclass(frozen=True)
class Call:
    """One request after the door: who asks, and whom to ask."""

    request: web.Request
    studio: Studio
    principal: Principal

    @cached_property
    def words(self) -> Words:
        """The language in which the answer is wanted."""
        return read_words(self.request)


Answer = View | web.StreamResponse | None
OperationHandler = Callable[..., Awaitable[Answer]]
H = TypeVar("H", bound=OperationHandler)


class Declared(TypedDict, total=False):
    """What a signature cannot say."""

    scope: Scope | None
    """What the token must be allowed to do; None opens the operation to everyone."""
    status: int
    media: str
    """The content type of an answer that is not JSON."""
    upload: type[Form]
    """Describes a multipart body that the handler reads by itself."""
    takes: str
    """The content type of a body that the handler reads by itself and that has no model."""
    events: Mapping[str, type[View]]
    """What a text/event-stream tells, by the event's name."""
    action: Action
    """As what it is counted, by account; what is open to everyone is counted by address."""
    errors: tuple[type[TrainyardError], ...]
    """What can go wrong beyond what follows from the signature."""


@dataclass(frozen=True)
class Operation:
    """One thing that the API does."""

    method: str
    path: str
    tag: str
    handler: OperationHandler
    scope: Scope | None
    status: int
    media: str
    upload: type[Form] | None
    takes: str
    events: Mapping[str, type[View]]
    action: Action
    errors: tuple[type[TrainyardError], ...]
    body: type[Form] | None
    query: type[Form] | None
    answer: type[View] | None
    idempotent_by_key: bool
    takes_version: bool
    """Whether If-Match can keep it from undoing what somebody else did."""

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def path_params(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.handler) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()

    def route(self) -> web.RouteDef:
        """Make the aiohttp route; GET answers HEAD too, except where an answer has no end."""
        options = {"allow_head": False} if self.media == "text/event-stream" else {}
        return web.route(self.method, PREFIX + self.path, _serve(self), **options)


class Routes:
    """The operations on one noun, in the order in which they are declared."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.operations: list[Operation] = []

    def get(self, path: str, **declared: Unpack[Declared]) -> Callable[[H], H]:
        return self._declare("GET", path, declared)

    def post(self, path: str, **declared: Unpack[Declared]) -> Callable[[H], H]:
        return self._declare("POST", path, declared)

    def put(self, path: str, **declared: Unpack[Declared]) -> Callable[[H], H]:
        return self._declare("PUT", path, declared)

    def patch(self, path: str, **declared: Unpack[Declared]) -> Callable[[H], H]:
        return self._declare("PATCH", path, declared)

    def delete(self, path: str, **declared: Unpack[Declared]) -> Callable[[H], H]:
        return self._declare("DELETE", path, {"status": 204, **declared})

    def _declare(self, method: str, path: str, declared: Declared) -> Callable[[H], H]:
        def add(handler: H) -> H:
            hints = get_type_hints(handler)
            answer = hints["return"]
            operation = Operation(
                method=method,
                path=path,
                tag=self.tag,
                handler=handler,
                scope=declared.get("scope", Scope.READ),
                status=declared.get("status", 200),
                media=declared.get("media", "application/json"),
                upload=declared.get("upload"),
                takes=declared.get("takes", ""),
                events=declared.get("events", {}),
                action=declared.get("action", Action.REQUEST),
                errors=declared.get("errors", ()),
                body=hints.get("body"),
                query=hints.get("query"),
                answer=answer if isinstance(answer, type) and issubclass(answer, View) else None,
                idempotent_by_key="idempotency_key" in hints,
                takes_version="version" in hints,
            )
            _check_signature(operation)
            self.operations.append(operation)
            return handler

        return add


def _check_signature(operation: Operation) -> None:
    """Raise TypeError when a handler and its path do not name the same things."""
    given = {"call", *operation.path_params, "body", "query", "idempotency_key", "version"}
    named = set(inspect.signature(operation.handler).parameters)
    wrong = (named - given) | ({"call", *operation.path_params} - named)
    if wrong:
        raise TypeError(f"{operation.name} and {operation.path} disagree on: {sorted(wrong)}")


def _serve(operation: Operation) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        studio = request.app[STUDIO]
        principal = await _admit(operation, studio, request)
        arguments = await _read_arguments(operation, request)
        answer = await operation.handler(Call(request, studio, principal), **arguments)
        if isinstance(answer, web.StreamResponse):
            return answer
        if answer is None:
            return web.Response(status=operation.status)
        return answer_json(request, answer, operation.status)

    return serve


async def _admit(operation: Operation, studio: Studio, request: web.Request) -> Principal:
    """Return who asks, when they may, and not too often. Raises TrainyardError."""
    limits = request.app[LIMITS]
    if operation.scope is None:
        await limits.hit_from(Action.ANONYMOUS, request)
        return NOBODY
    try:
        principal = await authenticate(studio, request)
    except UnauthenticatedError:
        await limits.hit_from(Action.ANONYMOUS, request)
        raise
    require_scope(principal, operation.scope)
    await limits.hit(operation.action, principal.account)
    return principal


async def _read_arguments(operation: Operation, request: web.Request) -> dict[str, object]:
    arguments: dict[str, object] = {
        name: request.match_info[name] for name in operation.path_params
    }
    if operation.query is not None:
        arguments["query"] = read_query(request, operation.query)
    if operation.idempotent_by_key:
        arguments["idempotency_key"] = request.headers.get(KEY_HEADER, "")
    if operation.takes_version:
        arguments["version"] = read_version(request)
    if operation.body is not None:
        arguments["body"] = await read_json(request, operation.body)
    return arguments
