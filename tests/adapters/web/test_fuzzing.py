"""Requests made up from the document, good and bad ones: none breaks the server, none gets in without a token."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from adapters.web.app import create_app, list_operations
from adapters.web.limiting import Action, RateLimits
from adapters.web.routing import PREFIX, Operation
from core.studio import Studio
from tests.adapters.web.conftest import Api, World, meet_admin

EXAMPLES = 5
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}
MANY = RateLimits(dict.fromkeys(Action, "1000000/minute"))


@pytest.fixture
async def client(studio: Studio) -> AsyncIterator[TestClient[Request, Application]]:
    """A server that never finds that something was asked too often."""
    app = create_app(studio, limits=MANY)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as opened:
        yield opened


def list_fuzzed() -> list[Operation]:
    """List what is tried, what removes things last; streams have no end, see test_events.py."""
    found = [o for o in list_operations() if o.media != "text/event-stream"]
    return sorted(found, key=lambda o: o.method == "DELETE")


@pytest.mark.parametrize("mode", MODES)
async def test_made_up_requests_are_answered_as_the_document_says(
    ada: Api, studio: Studio, world: World, mode: str
) -> None:
    root = await meet_admin(ada.client, studio)
    await studio.points.grant(ada.account.id, 10_000, "fuzz", "To spend")
    document = json.loads(await (await ada.ask("GET", "/openapi.json")).read())
    schema = schemathesis.openapi.from_dict(document)
    url = f"http://{ada.client.host}:{ada.client.port}"
    wrong: dict[str, str] = {}

    def try_all() -> None:
        for operation in list_fuzzed():
            asking = root if operation.scope and operation.scope.value == "admin" else ada
            try:
                try_one(schema, operation, MODES[mode], url, asking, world)
            except Unsatisfiable:
                continue  # nothing of it can be wrong
            except BaseExceptionGroup as group:
                wrong[operation.name] = "; ".join(str(error) for error in group.exceptions)[:3000]
            except Exception as error:
                wrong[operation.name] = f"{type(error).__name__}: {error}"[:3000]

    await asyncio.to_thread(try_all)
    assert wrong == {}


def try_one(
    schema: Any, operation: Operation, mode: GenerationMode, url: str, asking: Api, world: World
) -> None:
    # Any: schemathesis' own schema
    """Send some requests of one operation, to things that there are and to others."""
    described = schema[PREFIX + operation.path][operation.method]
    known = {name: value for name, value in vars(world).items() if name in operation.path_params}
    checks = [*CHECKS, ignored_auth] if operation.scope else CHECKS

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=described.as_strategy(generation_mode=mode))
    def run(case: Any) -> None:
        # Any: schemathesis' case, of a type that it keeps to itself
        case.path_parameters.update(known)
        case.call_and_validate(base_url=url, headers=asking.credentials, checks=checks)

    run()
