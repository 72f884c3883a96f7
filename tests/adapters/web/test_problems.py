"""The error door: each error has its status, its words, and never a traceback."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient, TestServer

from adapters.web import bodies
from adapters.web.cookies import SITE, Site
from adapters.web.headers import harden
from adapters.web.problems import STATUSES, error_door, get_status
from core import errors
from core.errors import TrainyardError
from tests.adapters.web.conftest import Api


def all_errors() -> list[type[TrainyardError]]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, TrainyardError)]


def make_error(kind: type[TrainyardError]) -> TrainyardError:
    return kind("Words.", key="id") if kind is errors.AlreadyExistsError else kind("Words.")


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
async def test_every_error_of_the_core_is_answered_as_a_problem(kind: type[TrainyardError]) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise make_error(kind)

    app = web.Application(middlewares=[error_door])
    app.router.add_get("/", fail)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        problem = await response.json(content_type="application/problem+json")
    assert response.status == problem["status"] == get_status(kind)
    if kind is not TrainyardError:
        assert response.status != 500
        assert (problem["detail"], problem["code"]) == ("Words.", kind.code)
        assert problem["title"] == HTTPStatus(response.status).phrase
    assert ("Retry-After" in response.headers) == (response.status == 503)


def test_the_statuses_are_the_public_ones() -> None:
    assert len(all_errors()) >= 16
    assert set(STATUSES) <= set(all_errors())
    assert {kind.__name__: status.value for kind, status in STATUSES.items()} == {
        "TrainyardError": 500,
        "NotFoundError": 404,
        "RefusedError": 422,
        "InvalidError": 422,
        "TooLargeError": 413,
        "UnreadableImageError": 422,
        "InsufficientPointsError": 402,
        "UnauthenticatedError": 401,
        "ForbiddenError": 403,
        "ConflictError": 409,
        "AlreadyExistsError": 409,
        "StaleError": 409,
        "ChangedError": 412,
        "LeaseLostError": 409,
        "UnavailableError": 503,
        "TooManyRequestsError": 429,
        "StorageFullError": 507,
        "TrainingError": 422,
    }


async def test_an_unexpected_error_is_logged_and_told_by_number_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(request: web.Request) -> web.Response:
        raise ZeroDivisionError("private detail")

    app = web.Application(middlewares=[error_door])
    app.router.add_get("/", fail)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        text = await response.text()
    assert response.status == 500 and "private" not in text and "ZeroDivision" not in text
    record = next(r for r in caplog.records if r.levelno == logging.ERROR)
    assert record.exc_info is not None and str(record.args[0]) in text  # type: ignore[index]  # a tuple


async def test_an_unknown_address_and_an_unknown_method_are_problems_too(ada: Api) -> None:
    assert (await ada.json("GET", "/nothing", 404))["code"] == "not_found"
    response = await ada.ask("PUT", "/datasets")
    problem = await response.json(content_type="application/problem+json")
    assert (response.status, problem["code"]) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "GET,HEAD,POST" and "POST" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b'{"name": "\\ud800"}', "JSON"),
        (b"[" * 5000, "JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"{}", "body.name is missing"),
        (b'{"name": 5}', "body.name is wrong: input should be a valid string"),
        (b'{"name": "a", "owner": "b"}', "body.owner is not known here"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_in_words(
    ada: Api, body: bytes, words: str
) -> None:
    headers = {"Content-Type": "application/json"}
    problem = await ada.json("POST", "/datasets", 422, data=body, headers=headers)
    assert words in problem["detail"] and problem["errors"][0]["where"].startswith("body")


async def test_a_body_must_be_json_and_small(ada: Api) -> None:
    form = await ada.json("POST", "/datasets", 415, data={"name": "a"})
    assert "application/json" in form["detail"]
    large = io.BytesIO(b'{"name": "' + b"a" * 1024**2 + b'"}')
    headers = {"Content-Type": "application/json"}
    problem = await ada.json("POST", "/datasets", 413, data=large, headers=headers)
    assert problem["code"] == "too_large"


async def test_a_query_that_does_not_fit_is_refused_in_words(ada: Api) -> None:
    for query in ("limit=0", "limit=201", "limit=x", "page=2"):
        problem = await ada.json("GET", f"/datasets?{query}", 422)
        assert problem["errors"][0]["where"].startswith("query.")
    for cursor in ("x", "e30", "WzEsMV0", "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMCwiYSJd"):
        problem = await ada.json("GET", f"/datasets?after={cursor}", 422)
        assert "cursor" in problem["detail"]


async def test_an_error_after_an_answer_began_ends_the_connection_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        raise ZeroDivisionError

    app = web.Application(middlewares=[error_door])
    app.router.add_get("/", fail)
    app[SITE] = Site("http://127.0.0.1")
    app.on_response_prepare.append(harden)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        with pytest.raises(ClientPayloadError):
            await response.read()
    assert "ZeroDivisionError" in caplog.text


async def test_a_body_that_does_not_arrive_is_given_up(
    ada: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "READ_STALL_S", 0.2)
    arrived = asyncio.Event()

    async def stall() -> AsyncIterator[bytes]:
        yield b'{"name":'
        await arrived.wait()

    headers = {"Content-Type": "application/json"}
    problem = await ada.json("POST", "/datasets", 408, data=stall(), headers=headers)
    assert problem["code"] == "request_timeout"
    arrived.set()
