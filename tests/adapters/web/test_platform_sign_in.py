"""Signing in by Discord and Telegram, from the button to the first page, against local fakes of both; and all
that can go wrong on the way, each of which ends on a page that says what to do."""

import logging
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from aiohttp import ClientResponse, ClientSession, DummyCookieJar, hdrs
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request, Response
from pydantic import SecretStr

from adapters.web.app import create_app
from adapters.web.limiting import Action, RateLimits
from config.processes import find_free_port
from config.settings import Settings
from config.sign_in import make_sign_in
from core.accounts.records import Role
from core.studio import Studio
from tests.fake_identity.discord import Discord
from tests.fake_identity.platform import CLIENT_ID, CLIENT_SECRET, Platform, Someone, serve
from tests.fake_identity.telegram import Claims, Telegram, make_key

HOME = "http://127.0.0.1:8080"
OURS = {"Sec-Fetch-Site": "same-origin"}
NAMES = ("discord", "telegram")


@dataclass
class Surfer:
    """A browser: keeps cookies, and follows where it is led by hand."""

    client: TestClient[Request, Application]
    cookies: dict[str, str] = field(default_factory=dict)
    language: str = "en"

    async def ask(self, method: str, path: str, **headers: str) -> tuple[ClientResponse, str]:
        sent = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Language": self.language,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        answer = await self.client.request(method, path, headers=sent, allow_redirects=False)
        for name, morsel in answer.cookies.items():
            self.cookies[name] = morsel.value
            if not morsel.value:
                del self.cookies[name]
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        return answer, await answer.text()

    async def begin(self, name: str, place: str = "/") -> str:
        """Press the button; return the platform's address."""
        answer, text = await self.ask("POST", f"/sign-in/{name}?next={place}", **OURS)
        assert answer.status == 303, text
        return answer.headers["Location"]

    async def decide(self, address: str, allows: bool = True) -> str:
        """Look at the platform's page and answer it; return the path by which it sends one back."""
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            async with session.get(address) as page:
                assert page.status == 200, await page.text()
            decision = address.replace(urlsplit(address).path, "/decide", 1)
            form = {"answer": "yes" if allows else "no"}
            async with session.post(decision, data=form, allow_redirects=False) as answer:
                back = answer.headers["Location"]
        assert back.startswith(f"{HOME}/sign-in/")
        return back.removeprefix(HOME)

    async def go(self, name: str, place: str = "/") -> tuple[ClientResponse, str]:
        """Press the button, allow it, and come back."""
        return await self.ask("GET", await self.decide(await self.begin(name, place)))

    async def fail(self, name: str, status: int, words: str) -> str:
        """Go, and end on a page that says this; nobody is signed in."""
        return await self.land(await self.decide(await self.begin(name)), status, words)

    async def land(self, path: str, status: int, words: str) -> str:
        """Come back to a page that says this, and leads to the start."""
        answer, text = await self.ask("GET", path)
        assert answer.status == status and words in text, text
        assert '<a href="/">' in text
        assert "trainyard" not in self.cookies
        return text

    async def read_me(self) -> Claims:
        answer, _ = await self.ask("GET", "/api/v1/me")
        assert answer.status == 200
        return dict(await answer.json())


@dataclass
class Scene:
    """The server, both platforms and a browser."""

    client: TestClient[Request, Application]
    studio: Studio
    discord: Discord
    telegram: Telegram

    @property
    def platforms(self) -> dict[str, Platform]:
        return {"discord": self.discord, "telegram": self.telegram}

    def open_browser(self) -> Surfer:
        return Surfer(self.client)


@pytest.fixture
async def scene(studio: Studio, settings: Settings) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(serve(Discord()))
        telegram = await stack.enter_async_context(serve(Telegram()))
        client = await stack.enter_async_context(serve_with(studio, settings, discord, telegram))
        yield Scene(client, studio, discord, telegram)


def serve_with(
    studio: Studio, settings: Settings, discord: Platform, telegram: Platform, **more: object
) -> TestClient[Request, Application]:
    changes = {
        "discord_client_id": CLIENT_ID,
        "discord_client_secret": SecretStr(CLIENT_SECRET),
        "discord_sign_in_url": discord.url,
        "telegram_client_id": CLIENT_ID,
        "telegram_client_secret": SecretStr(CLIENT_SECRET),
        "telegram_sign_in_url": telegram.url,
        "public_url": HOME,
        "welcome_points": 25,
        **more,
    }
    door = make_sign_in(settings.model_copy(update=changes))
    limits = RateLimits(dict.fromkeys(Action, "100000/minute"))
    app = create_app(studio, public_url=HOME, sign_in=door, limits=limits)
    return TestClient(TestServer(app), cookie_jar=DummyCookieJar())


@pytest.fixture
def surfer(scene: Scene) -> Surfer:
    return scene.open_browser()


@pytest.mark.parametrize("name", NAMES)
async def test_somebody_new_is_met_as_by_the_bot(scene: Scene, surfer: Surfer, name: str) -> None:
    surfer.language = "de-AT,de;q=0.9"
    answer, _ = await surfer.go(name, "/datasets/ds_a?new=1")
    assert answer.status == 303 and answer.headers["Location"] == "/datasets/ds_a?new=1"
    cookie = answer.cookies["trainyard"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert [*surfer.cookies] == ["trainyard"]  # the attempt's is gone
    me = await surfer.read_me()
    assert me["display_name"] == "Mira <b>" and me["locale"] == "de"
    account, is_new = await scene.studio.accounts.first_contact(name, "4711", "x")
    assert account.id == me["id"] and not is_new  # what the bot would find
    assert await scene.studio.points.get_balance(account.id) == 25
    _, home = await surfer.ask("GET", "/")
    assert "app.js" in home and "Mira <b>" not in home


@pytest.mark.parametrize("name", NAMES)
async def test_who_has_talked_to_the_bot_finds_that_account(
    scene: Scene, surfer: Surfer, name: str
) -> None:
    account, _ = await scene.studio.accounts.first_contact(name, "4711", "mira")
    for _ in range(2):
        assert (await surfer.go(name))[0].status == 303
        assert (await surfer.read_me())["id"] == account.id
    principal = scene.studio.accounts.speak_for(account)
    assert len(await scene.studio.sessions.list_own(principal)) == 1  # the first one has ended


@pytest.mark.parametrize("name", NAMES)
async def test_where_newcomers_may_not_the_bots_people_alone_come_in(
    scene: Scene, settings: Settings, name: str
) -> None:
    platforms = (scene.discord, scene.telegram)
    async with serve_with(scene.studio, settings, *platforms, sign_in_newcomers=False) as client:
        surfer = Surfer(client)
        await surfer.fail(name, 403, "Write to the bot first")
        assert await scene.studio.accounts.find_by_identity(name, "4711") is None
        account, _ = await scene.studio.accounts.first_contact(name, "4711", "mira")
        assert (await surfer.go(name))[0].status == 303
        assert (await surfer.read_me())["id"] == account.id


async def test_only_what_is_needed_is_asked_and_discords_token_is_given_back(
    scene: Scene, surfer: Surfer
) -> None:
    for name in NAMES:
        query = parse_qs(urlsplit(await surfer.begin(name)).query)
        assert query["scope"] == [scene.platforms[name].scope]
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"{HOME}/sign-in/{name}/callback"]
        assert ("nonce" in query) == (name == "telegram")
    await surfer.go("discord")
    assert scene.discord.asked[-2:] == ["/api/v10/users/@me", "/api/oauth2/token/revoke"]
    assert scene.discord.live == set()


async def test_telegrams_keys_are_read_once_and_again_when_one_is_unknown(
    scene: Scene, surfer: Surfer
) -> None:
    for key in ("oidc-1", "oidc-2"):  # RS256, ES256
        scene.telegram.signs_with = key
        assert (await surfer.go("telegram"))[0].status == 303
    assert scene.telegram.asked.count("/.well-known/jwks.json") == 1


async def test_the_page_has_a_button_for_what_is_set_up_alone(
    scene: Scene, surfer: Surfer, studio: Studio, settings: Settings
) -> None:
    answer, text = await surfer.ask("GET", "/models?text=a")
    for name, title in zip(NAMES, ("Discord", "Telegram"), strict=True):
        assert f"Sign in with {title}" in text
        assert f'action="/sign-in/{name}?next=%2Fmodels%3Ftext%3Da"' in text
        assert scene.platforms[name].url in answer.headers["Content-Security-Policy"]
    _, text = await surfer.ask("GET", "/api/v1/instance")
    assert '"sign_in_platforms":["discord","telegram"]' in text
    half = settings.model_copy(update={"discord_client_id": CLIENT_ID})
    app = create_app(studio, sign_in=make_sign_in(half))
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        plain = Surfer(client)
        answer, text = await plain.ask("GET", "/")
        assert "/login" in text and "<form" not in text
        assert "form-action 'self';" in answer.headers["Content-Security-Policy"]
        answer, text = await plain.ask("POST", "/sign-in/discord", **OURS)
        assert answer.status == 410 and "Nobody can sign in that way here." in text


NO_PLACES = (
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "/%09/evil.example",
    "/datasets/../../x",
    "/datasets/a/b",
    "/login/x",
    "/api/v1/me",
    "/models?a=https://evil.example%23",
    "javascript:alert(1)",
    "/?" + "a" * 600,
    "",
)


async def test_nobody_is_led_anywhere_but_to_our_own_pages(scene: Scene) -> None:
    for place in NO_PLACES:
        answer, _ = await scene.open_browser().go("discord", place)
        assert answer.headers["Location"] == "/", place


@pytest.mark.parametrize("name", NAMES)
async def test_who_declines_is_told_so(scene: Scene, surfer: Surfer, name: str) -> None:
    back = await surfer.decide(await surfer.begin(name), allows=False)
    await surfer.land(back, 422, "You did not let")
    assert await scene.studio.accounts.find_by_identity(name, "4711") is None
    await surfer.land(back, 410, "This attempt is over")


@pytest.mark.parametrize("name", NAMES)
async def test_who_comes_back_twice_is_told_to_begin_again(
    scene: Scene, surfer: Surfer, name: str
) -> None:
    back = await surfer.decide(await surfer.begin(name))
    assert (await surfer.ask("GET", back))[0].status == 303
    thief = scene.open_browser()
    await thief.land(back, 410, "This attempt is over")
    other = await thief.begin(name)
    state = parse_qs(urlsplit(other).query)["state"][0]
    code = parse_qs(urlsplit(back).query)["code"][0]
    await thief.land(f"/sign-in/{name}/callback?state={state}&code={code}", 422, "expired or was")


@pytest.mark.parametrize("name", NAMES)
async def test_nobody_is_signed_in_to_another_ones_account(
    scene: Scene, surfer: Surfer, name: str
) -> None:
    """Neither by a sent address, nor by one's own code put into another one's attempt."""
    sent = await surfer.decide(await surfer.begin(name))
    victim = scene.open_browser()
    await victim.land(sent, 410, "another browser")
    begun = await victim.begin(name)
    await victim.land(sent, 410, "another browser")
    state = parse_qs(urlsplit(begun).query)["state"][0]
    code = parse_qs(urlsplit(sent).query)["code"][0]
    path = f"/sign-in/{name}/callback"
    await victim.land(f"{path}?state={state}&code={code}", 422, "expired or was")
    await victim.land(f"{path}?code={code}", 410, "This attempt is over")
    await victim.land(f"{path}?state=%ff&code={code}", 410, "This attempt is over")
    other = next(one for one in NAMES if one != name)
    crossed = await victim.decide(await victim.begin(name))
    await victim.land(crossed.replace(name, other), 410, "This attempt is over")
    assert await scene.studio.accounts.find_by_identity(name, "4711") is None


FROM_ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {},
)


async def test_another_site_begins_and_confirms_nothing(scene: Scene, surfer: Surfer) -> None:
    for headers in FROM_ELSEWHERE:
        answer, text = await surfer.ask("POST", "/sign-in/discord", **headers)
        assert answer.status == 403 and "another site" in text and not surfer.cookies, headers
    assert (await surfer.ask("GET", "/sign-in/discord"))[0].status == 405
    await surfer.go("discord")
    answer, _ = await surfer.go("telegram")
    path = answer.headers["Location"]
    for headers in FROM_ELSEWHERE:
        answer, text = await surfer.ask("POST", path, **headers)
        assert answer.status == 403 and "another site" in text, headers
    assert await scene.studio.accounts.find_by_identity("telegram", "4711") is None


DISCORD_DOWN = (
    ("/api/oauth2/token", 503, "", 503),
    ("/api/oauth2/token", 429, "", 503),
    ("/api/oauth2/token", 200, "not JSON", 422),
    ("/api/oauth2/token", 200, '{"access_token": 5}', 422),
    ("/api/oauth2/token", 200, '{"access_token": "a\\nb"}', 422),
    ("/api/oauth2/token", 200, "[" * 200_000, 422),
    ("/api/oauth2/token", 200, "[" * 300_000, 503),
    ("/api/oauth2/token", 302, "", 422),
    ("/api/oauth2/token", 401, '{"error": "invalid_client"}', 422),
    ("/api/v10/users/@me", 500, "", 503),
    ("/api/v10/users/@me", 401, "{}", 422),
    ("/api/v10/users/@me", 200, '{"id": "me"}', 422),
    ("/api/v10/users/@me", 200, '{"id": 4711}', 422),
)


async def test_what_discord_cannot_answer_ends_on_a_page(scene: Scene) -> None:
    for path, status, body, expected in DISCORD_DOWN:
        scene.discord.faults = {path: Response(status=status, body=body.encode())}
        surfer = scene.open_browser()
        text = await surfer.fail("discord", expected, "Discord")
        assert re.search("Try again|Begin again|Tell the operator", text), (path, status, body)
        assert await scene.studio.accounts.find_by_identity("discord", "4711") is None
    scene.discord.faults.clear()
    assert (await scene.open_browser().go("discord"))[0].status == 303


async def test_a_token_that_cannot_be_given_back_keeps_nobody_out(
    scene: Scene, surfer: Surfer
) -> None:
    scene.discord.faults = {"/api/oauth2/token/revoke": Response(status=500)}
    assert (await surfer.go("discord"))[0].status == 303


@pytest.mark.parametrize("name", NAMES)
async def test_a_platform_that_is_gone_is_said(
    studio: Studio, settings: Settings, name: str
) -> None:
    gone = Platform("", "", "", url=f"http://127.0.0.1:{find_free_port()}")
    async with serve_with(studio, settings, gone, gone) as client:
        surfer = Surfer(client, language="de")
        state = parse_qs(urlsplit(await surfer.begin(name)).query)["state"][0]
        path = f"/sign-in/{name}/callback?state={state}&code=x"
        await surfer.land(path, 503, "antwortet nicht. Versuch es in einer Minute")


def say_later(claims: Claims) -> Claims:
    return {**claims, "exp": int(time.time()) - 60, "iat": int(time.time()) - 400}


def sign_with_secret(claims: Claims) -> str:
    return jwt.encode(claims, CLIENT_SECRET * 2, algorithm="HS256", headers={"kid": "oidc-1"})


def sign_with_another(claims: Claims) -> str:
    key = make_key("forged", "RS256")
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "oidc-1"})


def sign_with_the_other_kind(claims: Claims) -> str:
    key = make_key("oidc-2", "ES256")
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": "oidc-1"})


def sign_under_unknown_name(claims: Claims) -> str:
    key = make_key("oidc-1", "RS256")
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "oidc-9"})


def change_afterwards(claims: Claims) -> str:
    key = make_key("oidc-1", "RS256")
    head, _, signature = jwt.encode(
        claims, key, algorithm="RS256", headers={"kid": "oidc-1"}
    ).split(".")
    body = jwt.encode({**claims, "id": 1}, key, algorithm="RS256").split(".")[1]
    return f"{head}.{body}.{signature}"


FORGED_CLAIMS: dict[str, Callable[[Claims], Claims]] = {
    "another issuer": lambda claims: {**claims, "iss": "https://evil.example"},
    "another audience": lambda claims: {**claims, "aud": "999"},
    "others too": lambda claims: {**claims, "aud": [CLIENT_ID, "999"]},
    "another nonce": lambda claims: {**claims, "nonce": "n" * 43},
    "no nonce": lambda claims: {k: v for k, v in claims.items() if k != "nonce"},
    "a nonce of no text": lambda claims: {**claims, "nonce": 5},
    "expired": say_later,
    "never expires": lambda claims: {k: v for k, v in claims.items() if k != "exp"},
    "from tomorrow": lambda claims: {**claims, "iat": int(time.time()) + 86_400},
    "no id": lambda claims: {k: v for k, v in claims.items() if k != "id"},
    "id of no number": lambda claims: {**claims, "id": "mira"},
    "id below one": lambda claims: {**claims, "id": -4711},
    "id yes": lambda claims: {**claims, "id": True},
}
FORGED_SIGNATURES: dict[str, Callable[[Claims], str]] = {
    "no signature": lambda claims: jwt.encode(claims, None, algorithm="none"),  # type: ignore[arg-type]
    "signed with our secret": sign_with_secret,
    "signed with another key": sign_with_another,
    "signed with the other kind of key": sign_with_the_other_kind,
    "signed under an unknown name": sign_under_unknown_name,
    "changed afterwards": change_afterwards,
    "no statement at all": lambda claims: "a.b.c",
}


async def test_a_forged_statement_signs_nobody_in(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    for forgery in (*FORGED_CLAIMS, *FORGED_SIGNATURES):
        caplog.clear()
        scene.telegram.change = FORGED_CLAIMS.get(forgery, dict)
        scene.telegram.sign = FORGED_SIGNATURES.get(forgery)
        words = "could not be trusted, so nothing was done. Begin again"
        await scene.open_browser().fail("telegram", 422, words)
        assert "was not trusted" in caplog.text, forgery
    for id_ in ("4711", "1", "-4711", "mira", "True", ""):
        assert await scene.studio.accounts.find_by_identity("telegram", id_) is None


@pytest.mark.parametrize("name", NAMES)
async def test_an_answer_of_another_issuer_is_not_taken(
    scene: Scene, surfer: Surfer, name: str
) -> None:
    platform = scene.platforms[name]
    platform.adds = {"iss": "https://evil.example"}
    await surfer.fail(name, 422, "could not be trusted")
    assert platform.token_path not in platform.asked  # the code was shown to nobody
    platform.adds = {"iss": platform.url}
    assert (await surfer.go(name))[0].status == 303


@pytest.mark.parametrize("name", NAMES)
async def test_a_client_that_is_set_up_wrongly_is_the_operators_to_mend(
    scene: Scene, surfer: Surfer, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    scene.platforms[name].secret = "renewed meanwhile"
    await surfer.fail(name, 422, "set up wrongly here. Tell the operator")
    assert "trainyard doctor" in caplog.text and "invalid_client" in caplog.text


async def test_who_is_signed_in_links_after_a_question(scene: Scene, surfer: Surfer) -> None:
    await surfer.go("discord")
    me, before = await surfer.read_me(), dict(surfer.cookies)
    scene.telegram.someone = Someone(99, "Mira on <Telegram>")
    answer, _ = await surfer.go("telegram", "/account")
    path = answer.headers["Location"]
    assert path.startswith("/link/") and before.items() <= surfer.cookies.items()
    for _ in range(2):
        answer, text = await surfer.ask("GET", path)
        assert answer.status == 200 and "Link Telegram to Mira" in text
        assert "Mira on &lt;Telegram&gt;" in text and "Both become one" not in text
    assert await scene.studio.accounts.find_by_identity("telegram", "99") is None
    stranger = scene.open_browser()
    assert (await stranger.ask("POST", path, **OURS))[0].status == 401
    await stranger.go("telegram")  # somebody else, who is signed in
    answer, text = await stranger.ask("POST", path, **OURS)
    assert answer.status == 410 and "This attempt is over" in text
    answer, _ = await surfer.ask("POST", path, **OURS)
    assert answer.status == 303 and answer.headers["Location"] == "/account"
    assert surfer.cookies["trainyard"] != before["trainyard"]  # a new session
    known = await surfer.ask("GET", "/api/v1/me/identities")
    assert {item["platform"] for item in (await known[0].json())["items"]} == set(NAMES)
    assert (await surfer.read_me())["id"] == me["id"]
    old = Surfer(scene.client, before)
    assert (await old.ask("GET", "/api/v1/me"))[0].status == 401
    assert (await surfer.ask("POST", path, **OURS))[0].status == 410
    answer, _ = await surfer.go("telegram", "/account")  # linked already: nothing to ask
    assert answer.headers["Location"] == "/account"


async def test_linking_what_has_an_account_warns_and_merges(scene: Scene, surfer: Surfer) -> None:
    studio = scene.studio
    boss, _ = await studio.accounts.first_contact("telegram", "4711", "boss", role=Role.ADMIN)
    await studio.points.grant(boss.id, 100, "k", "to start with")
    await surfer.go("discord")
    answer, _ = await surfer.go("telegram")
    _, text = await surfer.ask("GET", answer.headers["Location"])
    assert "Both become one" in text and "cannot be undone" in text
    answer, _ = await surfer.ask("POST", answer.headers["Location"], **OURS)
    assert answer.status == 303
    me = await surfer.read_me()  # signed in to the one that stayed
    assert me["id"] == boss.id and me["role"] == "admin"
    assert await studio.points.get_balance(boss.id) == 125


async def test_no_secret_reaches_the_log_or_the_store(
    scene: Scene, surfer: Surfer, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {CLIENT_SECRET}
    for name in NAMES:
        for fault in (None, "iss", "secret"):
            platform = scene.platforms[name]
            platform.adds = {"iss": "https://evil.example"} if fault == "iss" else {}
            platform.secret = "another" if fault == "secret" else CLIENT_SECRET
            surfer.cookies.clear()
            address = await surfer.begin(name)
            secrets |= {parse_qs(urlsplit(address).query)["state"][0], *surfer.cookies.values()}
            await surfer.ask("GET", await surfer.decide(address))
            secrets |= {*surfer.cookies.values()}
    secrets |= scene.discord.told | scene.telegram.told
    assert len(secrets) > 20
    stored = settings.database_file.read_bytes()
    stored += settings.database_file.with_name(f"{settings.database_file.name}-wal").read_bytes()
    assert b"sign_in_attempts" in stored
    # The test's own server writes a log of access; the real one has none (make_runner).
    said = "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if record.name != "aiohttp.access"
    )
    assert "not trusted" in said
    for secret in secrets:
        assert secret not in said and secret.encode() not in stored


@pytest.fixture
async def https(studio: Studio, settings: Settings) -> AsyncIterator[Surfer]:
    update = {
        "discord_client_id": CLIENT_ID,
        "discord_client_secret": SecretStr(CLIENT_SECRET),
        "public_url": "https://yard.example",
    }
    door = make_sign_in(settings.model_copy(update=update))
    app = create_app(studio, public_url="https://yard.example", sign_in=door)
    async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
        yield Surfer(client)


async def test_behind_tls_an_attempt_is_bound_to_the_host(https: Surfer) -> None:
    answer, _ = await https.ask("POST", "/sign-in/discord", Origin="https://yard.example")
    cookie = answer.cookies["__Host-trainyard-sign-in"]
    assert cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
    assert cookie["samesite"] == "Lax" and not cookie["domain"] and cookie["max-age"] == "600"
    location = urlsplit(answer.headers[hdrs.LOCATION])
    assert (location.scheme, location.netloc, location.path) == (
        "https",
        "discord.com",
        "/oauth2/authorize",
    )
    assert parse_qs(location.query)["redirect_uri"] == [
        "https://yard.example/sign-in/discord/callback"
    ]
