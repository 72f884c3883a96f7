"""How often one may ask: counted by address or account, over all servers, and by a header only where one is set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from adapters.redis_limits import open_counts
from adapters.redis_server import RedisServer
from adapters.web.app import create_app
from adapters.web.limiting import DEFAULTS, Action, RateLimits
from core.errors import InvalidError, TooManyRequestsError
from core.studio import Studio
from tests.adapters.web.conftest import Api, meet

FEW = dict.fromkeys(Action, "3/minute")
OURS = {"Sec-Fetch-Site": "same-origin"}


@asynccontextmanager
async def open_api(studio: Studio, limits: RateLimits) -> AsyncIterator[Api]:
    """Serve with these limits, for one person."""
    app = create_app(studio, limits=limits)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield await meet(client, studio, "ada")


async def test_each_kind_of_action_has_a_limit_of_its_own(studio: Studio) -> None:
    async with open_api(studio, RateLimits(FEW)) as ada:
        body = {"name": "laptop", "scopes": ["read"]}
        for _ in range(3):
            await ada.json("POST", "/me/tokens", 201, json=body)
            await ada.json("GET", "/me")
        for method, path, options in (("POST", "/me/tokens", {"json": body}), ("GET", "/me", {})):
            answer = await ada.ask(method, path, **options)
            problem = await answer.json(content_type="application/problem+json")
            assert answer.status == 429 and problem["code"] == "too_many_requests"
            assert 1 <= int(answer.headers["Retry-After"]) <= 60
            assert f"Wait {answer.headers['Retry-After']} seconds" in problem["detail"]
        eve = await meet(ada.client, studio, "eve")
        await eve.json("GET", "/me")


async def test_nobody_and_wrong_tokens_are_counted_by_address(studio: Studio) -> None:
    async with open_api(studio, RateLimits(FEW)) as ada:
        nobody = Api(ada.client, ada.account, "ty_a_b")
        for status in (401, 401, 401, 429):
            await nobody.json("GET", "/me", status)
        assert (await nobody.ask("GET", "/health")).status == 429
        await ada.json("GET", "/me")


async def test_signing_in_is_tried_a_few_times_and_said_in_a_page(studio: Studio) -> None:
    async with open_api(studio, RateLimits({**DEFAULTS, Action.SIGN_IN: "3/minute"})) as ada:
        link = await studio.sessions.offer_link(ada.principal, "test")
        for path, status in (("x", 410), ("y", 410), ("z", 410), (link, 429)):
            answer = await ada.client.post(f"/login/{path}", headers=OURS, allow_redirects=False)
            assert answer.status == status and answer.content_type == "text/html"
        assert int(answer.headers["Retry-After"]) <= 60
        assert "too often" in await answer.text()


async def test_two_servers_count_together(studio: Studio, redis_url: str) -> None:
    async with open_counts(redis_url) as one, open_counts(redis_url) as two:
        servers = [RateLimits(FEW, one), RateLimits(FEW, two)]
        for turn in range(3):
            await servers[turn % 2].hit(Action.SIGN_IN, str(studio))
        for server in servers:
            with pytest.raises(TooManyRequestsError):
                await server.hit(Action.SIGN_IN, str(studio))
            await server.hit(Action.TOKEN, str(studio))


async def test_a_server_without_redis_counts_alone(tmp_path: Path) -> None:
    async with open_counts(f"unix://{tmp_path}/r.sock") as counts:
        limits = RateLimits(FEW, counts)
        for _ in range(3):
            await limits.hit(Action.SIGN_IN, "here")
        with pytest.raises(TooManyRequestsError):
            await limits.hit(Action.SIGN_IN, "here")
        async with RedisServer(tmp_path, tmp_path / "r.sock"):
            await limits.hit(Action.SIGN_IN, "here")  # Redis has not counted anything yet


@pytest.mark.parametrize(
    ("header", "sent", "found"),
    [
        ("", {"X-Forwarded-For": "9.9.9.9", "X-Real-IP": "9.9.9.9"}, "127.0.0.1"),
        ("X-Forwarded-For", {"X-Forwarded-For": "6.6.6.6, 9.9.9.9"}, "9.9.9.9"),
        ("X-Forwarded-For", {"X-Forwarded-For": "nonsense"}, "127.0.0.1"),
        ("X-Forwarded-For", {"X-Real-IP": "9.9.9.9"}, "127.0.0.1"),
        ("X-Real-IP", {"X-Real-IP": "2001:db8:1:2:3::4"}, "2001:db8:1:2::/64"),
        ("X-Real-IP", {"X-Real-IP": ""}, "127.0.0.1"),
    ],
)
def test_only_the_header_that_is_set_says_where_somebody_is(
    header: str, sent: dict[str, str], found: str
) -> None:
    request = make_mocked_request("GET", "/", headers=sent).clone(remote="127.0.0.1")
    assert RateLimits(address_header=header).find_address(request) == found


def test_a_limit_that_is_not_readable_is_refused_in_words() -> None:
    with pytest.raises(InvalidError, match="write it as 20/minute"):
        RateLimits({**DEFAULTS, Action.TOKEN: "many"})
