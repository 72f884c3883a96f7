"""Signing in from a link, on real pages: looked at without harm, used once, and by our own page alone."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from adapters.web.app import create_app
from adapters.web.pages import STATIC_FOLDER
from adapters.web.places import PLACES
from core.studio import Studio
from tests.adapters.web.conftest import Api, Browser, sign_in

OURS = {"Sec-Fetch-Site": "same-origin"}
_PAGE_POLICY = {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"}
_INLINE = re.compile(r"<script(?! src)|<style|\bstyle=|\bon\w+=|javascript:", re.I)


async def look(
    api: Api, path: str, status: int = 200, method: str = "GET", **headers: str
) -> tuple[ClientResponse, str]:
    """Open a page as a browser does; every page is hardened and has no inline code."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await api.client.request(method, path, headers=sent, allow_redirects=False)
    text = await answer.text()
    assert answer.status == status, text
    policy = answer.headers["Content-Security-Policy"]
    assert set(policy.split("; ")) >= _PAGE_POLICY and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Permissions-Policy" in answer.headers
    assert not _INLINE.search(text)
    return answer, text


async def post(api: Api, path: str, status: int, **headers: str) -> ClientResponse:
    return (await look(api, path, status, "POST", **{"Sec-Fetch-Site": "same-origin", **headers}))[
        0
    ]


@pytest.fixture
async def link(ada: Api, studio: Studio) -> str:
    """The path of a link that was shown to Ada."""
    return f"/login/{await studio.sessions.offer_link(ada.principal, 'telegram')}"


async def test_a_link_is_looked_at_confirmed_and_used_once(
    nobody: Api, ada: Api, studio: Studio, link: str
) -> None:
    for _ in range(3):  # previews of links
        _, text = await look(nobody, link)
        assert "Sign in as ada?" in text and "shown on Telegram" in text
        assert (await nobody.client.head(link)).status == 200
    assert await studio.sessions.list_own(ada.principal) == []
    answer = await post(nobody, link, 303, User_Agent="Mozilla/5.0 (Test)")
    assert answer.headers["Location"] == "/"
    cookie = answer.cookies["trainyard"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["secure"] and not cookie["domain"]
    browser = Browser(nobody.client, ada.account, cookie.value)
    assert (await browser.json("GET", "/me"))["id"] == ada.account.id
    sessions = await browser.json("GET", "/me/sessions")
    assert sessions["items"][0]["client"] == "Mozilla/5.0 (Test)"
    for method in ("GET", "POST"):
        _, text = await look(nobody, link, 410, method, **OURS)
        assert "Ask for a new one with /login" in text


async def test_two_who_use_a_link_at_once_are_one_session(
    nobody: Api, ada: Api, studio: Studio, link: str
) -> None:
    async def use() -> int:
        answer = await nobody.client.post(link, headers=OURS, allow_redirects=False)
        return answer.status

    assert sorted(await asyncio.gather(*(use() for _ in range(6)))) == [303, *[410] * 5]
    assert len(await studio.sessions.list_own(ada.principal)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8080.evil.example"},
        {"Origin": "https://127.0.0.1:8080"},
        {},
    ],
)
async def test_another_site_can_sign_nobody_in(
    nobody: Api, studio: Studio, ada: Api, link: str, headers: dict[str, str]
) -> None:
    _, text = await look(nobody, link, 403, "POST", **headers)
    assert "another site" in text
    assert await studio.sessions.list_own(ada.principal) == []
    await post(nobody, link, 303)


async def test_an_old_browser_is_known_by_its_origin(nobody: Api, link: str) -> None:
    await look(nobody, link, 303, "POST", Origin="http://127.0.0.1:8080")


@pytest.mark.parametrize("forged", ["x", "%00", "%ff", "a" * 4000, "..%2f..", "<script>"])
async def test_a_forged_link_is_none(nobody: Api, link: str, forged: str) -> None:
    for method in ("GET", "POST"):
        _, text = await look(nobody, f"/login/{forged}", 410, method, **OURS)
        assert "not whole" in text and "<script" not in text


async def test_signing_in_again_ends_what_the_browser_had(
    nobody: Api, ada: Api, eve: Api, studio: Studio, link: str
) -> None:
    planted = await sign_in(eve, studio)
    answer = await post(nobody, link, 303, **planted.cookie)
    assert answer.cookies["trainyard"].value != planted.token
    await planted.json("GET", "/me", 401)


@pytest.mark.parametrize("place", ["/", *(f"/{name}" for name in PLACES), "/datasets/ds_a"])
async def test_the_sandbox_is_for_those_who_are_signed_in(
    nobody: Api, ada: Api, studio: Studio, place: str
) -> None:
    _, text = await look(nobody, place)
    assert "You are not signed in" in text and "app.js" not in text
    browser = await sign_in(ada, studio)
    _, text = await look(nobody, place, 200, "GET", **browser.cookie)
    account = re.search(r'data-account="([^"]+)"', text)
    token = re.search(r'data-csrf="(\w+)"', text)
    assert account is not None and token is not None and "app.js" in text
    assert json.loads(html.unescape(account[1])) == await ada.json("GET", "/me")
    assert (await browser.json("GET", "/me/session"))["csrf_token"] == token[1]
    await browser.json("DELETE", "/me/session", 204)
    _, text = await look(nobody, place, 200, "GET", **browser.cookie)
    assert "You are not signed in" in text


def test_the_router_knows_every_place_that_the_server_does() -> None:
    router = (STATIC_FOLDER / "lib" / "router.js").read_text()
    known = set(re.findall(r'^  \["/(\w+)', router, re.M))
    assert known == set(PLACES)


async def test_a_name_is_text_and_pages_speak_ones_language(nobody: Api, studio: Studio) -> None:
    name = '<script>alert(1)</script>"{x}'
    account, _ = await studio.accounts.first_contact("test", "mallory", name)
    principal = studio.accounts.speak_for(account)
    secret = await studio.sessions.offer_link(principal, "test")
    _, text = await look(nobody, f"/login/{secret}", Accept_Language="de-AT,de;q=0.9")
    assert "&lt;script&gt;alert(1)" in text and 'lang="en"' in text  # the account's own
    await studio.accounts.set_locale(principal, "de")
    _, text = await look(nobody, f"/login/{secret}")
    assert "anmelden?" in text and 'lang="de"' in text
    _, text = await look(nobody, "/", Accept_Language="de-AT,de;q=0.9")
    assert "Du bist nicht angemeldet" in text
    _, text = await look(nobody, "/login/x", 410, Accept_Language="de")
    assert "Hol dir mit /login einen neuen." in text


async def test_static_files_are_asked_for_anew_by_their_etag(nobody: Api) -> None:
    answer = await nobody.client.get("/static/design.css")
    assert answer.status == 200 and answer.content_type == "text/css"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = await nobody.client.get(
        "/static/design.css", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status == 304 and again.headers["Cache-Control"] == "no-cache"
    for path in ("/static/", "/static/no.css", "/static/..%2fapp.py", "/static/../app.py"):
        assert (await nobody.client.get(path)).status in (403, 404)


@pytest.fixture
async def https(studio: Studio) -> AsyncIterator[TestClient[Request, Application]]:
    """A server that a proxy with TLS stands before."""
    app = create_app(studio, public_url="https://yard.example")
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield client


async def test_behind_tls_the_cookie_is_bound_to_the_host(
    https: TestClient[Request, Application], ada: Api, link: str
) -> None:
    plain = f"http://{https.host}:{https.port}"
    there = Api(https, ada.account, "")
    await look(there, link, 403, "POST", Origin=plain)
    answer, _ = await look(there, link, 303, "POST", Origin="https://yard.example")
    cookie = answer.cookies["__Host-trainyard"]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
    assert not cookie["domain"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    headers = {"Cookie": f"__Host-trainyard={cookie.value}"}
    assert (await there.json("GET", "/me", headers=headers))["id"] == ada.account.id
    await there.json("GET", "/me", 401, headers={"Cookie": f"trainyard={cookie.value}"})
