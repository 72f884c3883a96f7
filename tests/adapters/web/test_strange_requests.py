"""Requests as nobody means them, made at random from every operation: none is answered with 5xx."""

import json
import logging
import random
from typing import Any
from urllib.parse import quote

import pytest

from adapters.web.app import list_operations
from adapters.web.routing import Operation
from tests.adapters.web.conftest import Api, Json, World
from tests.adapters.web.test_access import valid_request

REQUESTS = 600
STRANGE: list[Json] = [
    *("", " ", "\0", "'; DROP TABLE jobs; --", "..", "ÿ\u202e\U0001f600", "x" * 5000, "$ne"),
    *(None, True, -1, 0, 2**63, 10**400, -1e308, 1.5, [], {}, [[]], {"$gt": ""}, ["a"] * 30),
]


def choose_request(chance: random.Random, operation: Operation) -> dict[str, Any]:
    # Any: aiohttp's request options
    """Spoil one thing or another of a valid request."""
    options = valid_request(operation)
    if "json" in options and chance.random() < 0.8:
        body = dict(options.pop("json"))
        body[chance.choice([*body, "new", ""])] = chance.choice(STRANGE)
        options["data"] = json.dumps(body) if chance.random() < 0.9 else b"\xff{"
        options["headers"]["Content-Type"] = "application/json"
    headers = ("Range", "If-None-Match", "If-Range", "Content-Type", "Idempotency-Key", "Accept")
    if chance.random() < 0.3:
        value = chance.choice(["bytes=-1-", 'W/"', '"', "*", "ÿ", "multipart/form-data; boundary="])
        options["headers"][chance.choice(headers)] = value
    if operation.query is not None and chance.random() < 0.7:
        value = str(chance.choice(STRANGE))[:500]
        options["params"] = {chance.choice(["limit", "after", "x"]): value}
    return options


async def test_no_strange_request_is_answered_as_our_own_fault(
    ada: Api, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    chance = random.Random(20)
    operations = [o for o in list_operations() if o.media != "text/event-stream"]
    statuses = set()
    for _ in range(REQUESTS):
        operation = chance.choice(operations)
        path = world.fill(operation.path)
        if operation.method == "DELETE" or (operation.path_params and chance.random() < 0.4):
            strange = quote(str(chance.choice(STRANGE)) or "x", safe="")[:2000]
            path = operation.path.format(**dict.fromkeys(operation.path_params, strange))
        response = await ada.ask(operation.method, path, **choose_request(chance, operation))
        assert response.status < 500, f"{operation.name}: {await response.text()}"
        statuses.add(response.status)
    assert statuses >= {200, 404, 422}
    assert caplog.records == []
