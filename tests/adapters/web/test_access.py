"""Who may do what: generated from the operations, so that none can be forgotten."""

import asyncio
import hashlib
import json
from typing import Any, cast

import pytest

from adapters.web.app import list_operations
from adapters.web.cookies import make_csrf_token
from adapters.web.pages import PAGES
from adapters.web.routing import Operation
from adapters.web.signing_in import SIGN_IN_PAGES
from core.accounts.records import Scope
from core.studio import Studio
from tests.adapters.web.conftest import Api, Browser, Json, World, sign_in, wishes

OPEN = {"get_health", "get_readiness", "get_openapi", "follow_link", "get_instance"}
PRIVATE_IDS = {
    "dataset_id",
    "item_id",
    "training_id",
    "model_id",
    "notification_id",
    "token_id",
    "member_id",
    "slug",
    "session_id",
    "generation_id",
    "auto_caption_id",
    "identity_id",
    "upload_id",
}
SAFE = {"GET", "HEAD"}


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


@pytest.mark.parametrize("way", ["token", "session"])
async def test_the_ids_of_another_account_are_not_found_in_the_same_words_as_ids_that_never_were(
    eve: Api, studio: Studio, world: World, way: str
) -> None:
    asking = await sign_in(eve, studio) if way == "session" else eve
    never = World(
        *("ds_" + "a" * 16, "it_" + "a" * 16, "jb_" + "a" * 16),
        *("md_" + "a" * 16, "nt_" + "a" * 16, "tk_" + "a" * 16, "mb_" + "a" * 16),
        generation_id="jb_" + "a" * 16,
        session_id="ss_" + "a" * 16,
        slug="never-was",
        auto_caption_id="jb_" + "a" * 16,
        identity_id="id_" + "a" * 16,
        upload_id="up_" + "a" * 16,
    )
    tried = set()
    for operation in list_operations():
        if not PRIVATE_IDS & set(operation.path_params):
            continue
        answers = []
        for ids in (world, never):
            path = ids.fill(operation.path)
            problem = await asking.json(operation.method, path, 404, **valid_request(operation))
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


async def test_a_session_may_do_what_its_account_may(
    ada: Api, studio: Studio, world: World
) -> None:
    refused = {}
    for operation in list_operations():
        if operation.media == "text/event-stream":  # see test_events.py
            continue
        browser = await sign_in(ada, studio)  # some operations end the session
        request = valid_request(operation)
        response = await browser.ask(operation.method, world.fill(operation.path), **request)
        if response.status in (401, 403):
            refused[operation.name] = response.status
    admins = {o.name for o in list_operations() if o.scope is Scope.ADMIN}
    assert refused == dict.fromkeys({"freeze_model", *admins}, 403)
    assert len(admins) > 4


FORGERIES: dict[str, dict[str, str]] = {
    "no token": {"Sec-Fetch-Site": "same-origin"},
    "no token, old browser": {"Origin": "{own}"},
    "another's token": {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "{other}"},
    "a strange token": {"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "\udcff"},
    "another site": {"Sec-Fetch-Site": "cross-site", "X-CSRF-Token": "{token}"},
    "a neighbour": {"Sec-Fetch-Site": "same-site", "X-CSRF-Token": "{token}"},
    "site before origin": {
        "Sec-Fetch-Site": "cross-site",
        "Origin": "{own}",
        "X-CSRF-Token": "{token}",
    },
    "another origin": {"Origin": "https://evil.example", "X-CSRF-Token": "{token}"},
    "an origin that begins alike": {"Origin": "{own}.evil.example", "X-CSRF-Token": "{token}"},
    "no origin": {"Origin": "null", "X-CSRF-Token": "{token}"},
    "neither": {"X-CSRF-Token": "{token}"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_session_changes_nothing_unless_our_own_page_asks(
    ada: Api, eve: Api, studio: Studio, world: World, forgery: str
) -> None:
    browser, other = await sign_in(ada, studio), await sign_in(eve, studio)
    facts = {
        "own": f"http://{ada.client.host}:{ada.client.port}",
        "token": make_csrf_token(browser.token),
        "other": make_csrf_token(other.token),
    }
    headers = {name: value.format(**facts) for name, value in FORGERIES[forgery].items()}
    stranger = Api(ada.client, ada.account, "")
    tried = 0
    for operation in list_operations():
        request = valid_request(operation)
        request["headers"] |= {**browser.cookie, **headers}
        path = world.fill(operation.path)
        if operation.method not in SAFE:
            problem = await stranger.json(operation.method, path, 403, **request)
            assert problem["code"] == "csrf", operation.name
            tried += 1
        elif operation.media != "text/event-stream" and operation.scope is not Scope.ADMIN:
            assert (await stranger.ask(operation.method, path, **request)).status in (200, 404)
    assert tried > 15
    assert len((await browser.json("GET", "/datasets"))["items"]) == 1


@pytest.mark.parametrize("way", ["nobody", "session"])
async def test_a_page_does_nothing_for_another_site_and_shows_nothing_to_nobody(
    ada: Api, eve: Api, studio: Studio, way: str
) -> None:
    """As the matrix of operations, for the pages that have no operation: each of them, for each who comes."""
    browser = await sign_in(ada, studio)
    cookies = browser.cookie if way == "session" else {}
    tried = set()
    for page in (*PAGES, *SIGN_IN_PAGES):
        path = "/models" if "{place" in page.path else page.path
        path = path.format(secret="x" * 43, state="x" * 43, platform="discord")
        if page.method == "POST":
            for forgery in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {}):
                headers = {**cookies, **forgery}
                answer = await ada.client.post(path, headers=headers, allow_redirects=False)
                assert answer.status == 403 and not answer.cookies, page.path
        headers = {**cookies, "Sec-Fetch-Site": "same-origin"}
        answer = await ada.client.request(page.method, path, headers=headers, allow_redirects=False)
        text = await answer.text()
        is_sandbox = page in PAGES
        assert answer.status == 200 if is_sandbox else answer.status in (401, 410), page.path
        assert ("app.js" in text) == (ada.account.id in text) == (is_sandbox and way == "session")
        assert not answer.cookies
        tried.add((page.method, page.path))
    assert len(tried) == len(PAGES) + len(SIGN_IN_PAGES) >= 8
    assert (await browser.json("GET", "/me"))["id"] == ada.account.id


async def test_an_old_browser_shows_by_its_origin_where_it_is(ada: Api, studio: Studio) -> None:
    browser = await sign_in(ada, studio)
    headers = {
        **browser.cookie,
        "Origin": f"http://{ada.client.host}:{ada.client.port}",
        "X-CSRF-Token": make_csrf_token(browser.token),
    }
    nobody = Api(ada.client, ada.account, "")
    await nobody.json("POST", "/datasets", 201, json={"name": "Mine"}, headers=headers)


async def test_a_request_with_a_token_never_uses_the_cookie(
    ada: Api, eve: Api, studio: Studio
) -> None:
    browser = await sign_in(ada, studio)
    mixed = await eve.json("GET", "/me", headers=browser.cookie)
    assert mixed["id"] == eve.account.id
    for header in ("", "Bearer x", "Basic dTpw"):
        headers = {"Authorization": header}
        assert (await browser.json("GET", "/me", 401, headers=headers))["code"] == (
            "unauthenticated"
        )


@pytest.mark.parametrize("way", ["deleted", "forged", "its id", "its hash"])
async def test_a_cookie_of_no_session_opens_nothing(
    ada: Api, studio: Studio, world: World, way: str
) -> None:
    browser = await sign_in(ada, studio)
    stolen = {
        "deleted": browser.token,
        "forged": "A" * 43,
        "its id": world.session_id,
        "its hash": hashlib.sha256(browser.token.encode()).hexdigest(),
    }[way]
    if way == "deleted":
        await browser.ask("DELETE", "/me/session")
    thief = Browser(ada.client, ada.account, stolen)
    open_ = set()
    for operation in list_operations():
        path, request = world.fill(operation.path), valid_request(operation)
        if (await thief.ask(operation.method, path, **request)).status != 401:
            open_.add(operation.name)
    assert open_ == OPEN


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
