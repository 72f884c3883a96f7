"""Who may do what: generated from the operations, so that none can be forgotten."""

import asyncio
import json
from typing import Any, cast

import pytest

from adapters.web.app import list_operations
from adapters.web.routing import Operation
from core.accounts.records import Scope
from core.studio import Studio
from tests.adapters.web.conftest import Api, Json, World, wishes

OPEN = {"get_health", "get_readiness", "get_openapi", "follow_link"}
PRIVATE_IDS = {
    "dataset_id",
    "item_id",
    "training_id",
    "model_id",
    "notification_id",
    "token_id",
    "member_id",
    "generation_id",
    "auto_caption_id",
}


def valid_request(operation: Operation) -> dict[str, Any]:
    # Any: aiohttp's request options
    """Make a request with which only the ids and the token can be wrong."""
    options: dict[str, Any] = {"headers": {"Idempotency-Key": "stranger"}}  # Any: as above
    if operation.body is not None:
        config = cast(dict[str, Json], operation.body.model_config)
        options["json"] = config["json_schema_extra"]["examples"][0]
    return options


async def test_no_operation_but_the_open_ones_answers_without_a_token(
    nobody: Api, world: World
) -> None:
    answers = {}
    for operation in list_operations():
        response = await nobody.ask(
            operation.method, world.fill(operation.path), **valid_request(operation)
        )
        answers[operation.name] = response.status
        if response.status == 401:
            assert response.headers["WWW-Authenticate"] == "Bearer"
    assert {name for name, status in answers.items() if status != 401} == OPEN
    assert len(answers) > 35


async def test_the_ids_of_another_account_are_not_found_in_the_same_words_as_ids_that_never_were(
    eve: Api, world: World
) -> None:
    never = World(
        *("ds_" + "a" * 16, "it_" + "a" * 16, "jb_" + "a" * 16),
        *("md_" + "a" * 16, "nt_" + "a" * 16, "tk_" + "a" * 16, "mb_" + "a" * 16),
        *("jb_" + "a" * 16, "jb_" + "a" * 16),
    )
    tried = set()
    for operation in list_operations():
        if not PRIVATE_IDS & set(operation.path_params):
            continue
        answers = []
        for ids in (world, never):
            path = ids.fill(operation.path)
            problem = await eve.json(operation.method, path, 404, **valid_request(operation))
            for id_ in vars(ids).values():
                problem["detail"] = problem["detail"].replace(id_, "ID")
            answers.append(problem)
        assert answers[0] == answers[1], operation.name
        assert answers[0]["code"] == "not_found"
        tried |= set(operation.path_params)
    assert tried - {"name"} == PRIVATE_IDS


async def test_another_accounts_dataset_can_neither_be_quoted_nor_trained(
    eve: Api, world: World
) -> None:
    body = {"dataset": world.dataset_id}
    await eve.json("POST", "/training-offerings/tiny-lora/quote", 404, json=body)
    headers = {"Idempotency-Key": "x"}
    await eve.json("POST", "/trainings", 404, json=wishes(world.dataset_id), headers=headers)
    for listing in ("datasets", "trainings", "models", "notifications", "points/statement"):
        assert (await eve.json("GET", f"/{listing}"))["items"] == []


async def test_an_item_is_found_in_its_own_dataset_only(ada: Api, world: World) -> None:
    other = await ada.json("POST", "/datasets", 201, json={"name": "Other"})
    await ada.json("GET", f"/datasets/{other['id']}/items/{world.item_id}", 404)


@pytest.mark.parametrize("held", list(Scope))
async def test_a_token_does_only_what_its_scopes_allow(
    ada: Api, studio: Studio, world: World, held: Scope
) -> None:
    _, text = await studio.tokens.create(ada.account, "narrow", [held])
    narrow = Api(ada.client, ada.account, text)
    wrong = {}
    for operation in list_operations():
        if operation.scope is None or operation.scope is held:
            continue
        request = valid_request(operation)
        response = await narrow.ask(operation.method, world.fill(operation.path), **request)
        if response.status != 403:
            wrong[operation.name] = response.status
    assert wrong == {}


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer ty__",
        "Bearer ty_a_b",
        "Basic dTpw",
        "Bearer ty_ü_b",
        "Bearer " + "ty_" * 2000,
    ],
)
async def test_a_token_that_is_none_is_refused(nobody: Api, header: str) -> None:
    problem = await nobody.json("GET", "/me", 401, headers={"Authorization": header})
    assert problem["code"] == "unauthenticated"


@pytest.mark.parametrize(
    ("header", "status"),
    [(b"Authorization: Bearer ty_\xff_x", 401), (b"Idempotency-Key: \xff", 422)],
)
async def test_bytes_that_are_no_text_are_no_token_and_no_key(
    ada: Api, dataset: str, header: bytes, status: int
) -> None:
    body = json.dumps(wishes(dataset)).encode()
    lines = [
        b"POST /api/v1/trainings HTTP/1.1",
        b"Host: x",
        b"Connection: close",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        header,
    ]
    if status != 401:
        lines.append(f"Authorization: Bearer {ada.token}".encode())
    assert ada.client.port is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", ada.client.port)
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 %d" % status)
    assert b"Idempotency-Key" in answer or status == 401
