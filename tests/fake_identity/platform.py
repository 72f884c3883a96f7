"""The code grant as both platforms have it: people are asked, and a code is worth its tokens once."""

import base64
import hashlib
import html
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import encode_basic_auth, web

P = TypeVar("P", bound="Platform")
CLIENT_ID = "1234567890"
CLIENT_SECRET = "a-client-secret-of-the-fake"
_NEEDED = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}


@dataclass
class Someone:
    """Who is signed in to the platform, in the browser that comes."""

    id: int
    name: str


@dataclass
class Platform:
    """What both have; `told` is everything secret that was handed out or shown here."""

    authorize_path: str
    token_path: str
    scope: str
    url: str = ""
    someone: Someone = field(default_factory=lambda: Someone(4711, "Mira <b>"))
    faults: dict[str, web.Response] = field(default_factory=dict)
    """What a path answers instead."""
    secret: str = CLIENT_SECRET
    adds: dict[str, str] = field(default_factory=dict)
    """What stands in the address beside code and state when somebody goes back."""
    told: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def make_app(self) -> web.Application:
        app = web.Application(middlewares=[self._answer_faults])
        app.router.add_get(self.authorize_path, self._ask)
        app.router.add_post("/decide", self._decide)
        app.router.add_post(self.token_path, self._give_tokens)
        return app

    async def make_tokens(self, grant: dict[str, str]) -> dict[str, object]:
        """Make what a code is worth."""
        raise NotImplementedError

    @web.middleware
    async def _answer_faults(
        self, request: web.Request, handler: web.RequestHandler | object
    ) -> web.StreamResponse:
        self.asked.append(request.path)
        fault = self.faults.get(request.path)
        if fault is not None:
            return web.Response(
                status=fault.status, body=fault.body, headers={"Content-Type": "application/json"}
            )
        return await handler(request)  # type: ignore[operator,no-any-return]  # aiohttp's own

    async def _ask(self, request: web.Request) -> web.Response:
        """Ask the person, who is sent nowhere unless the request is whole."""
        query = request.query
        redirect = query.get("redirect_uri", "")
        is_whole = all(query.get(name) == value for name, value in _NEEDED.items())
        if not is_whole or not redirect or query.get("scope") != self.scope:
            return web.Response(status=400, text="invalid_request")
        if len(query.get("code_challenge", "")) != 43 or len(query.get("state", "")) < 40:
            return web.Response(status=400, text="invalid_request")
        address = html.escape(f"/decide?{request.query_string}")
        page = (
            '<!doctype html><title>Platform</title><link rel="icon" href="data:,">'
            f'<form method="post" action="{address}">'
            '<button name="answer" value="yes">Authorize</button>'
            '<button name="answer" value="no">Cancel</button></form>'
        )
        return web.Response(text=page, content_type="text/html")

    async def _decide(self, request: web.Request) -> web.Response:
        """Send the person back, with a code or without."""
        query = dict(request.query)
        back = {"state": query["state"], **self.adds}
        if (await request.post()).get("answer") == "yes":
            back["code"] = secrets.token_urlsafe(24)
            self._codes[back["code"]] = query
            self.told.add(back["code"])
        else:
            back |= {"error": "access_denied", "error_description": "The person said no."}
        return web.Response(
            status=302, headers={"Location": f"{query['redirect_uri']}?{urlencode(back)}"}
        )

    def knows(self, request: web.Request) -> bool:
        """Tell whether the client has shown its secret."""
        given = request.headers.get("Authorization", "")
        return given == encode_basic_auth(CLIENT_ID, self.secret)

    async def _give_tokens(self, request: web.Request) -> web.Response:
        form = await request.post()
        if not self.knows(request):
            return web.json_response({"error": "invalid_client"}, status=401)
        grant = self._codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        self.told.add(verifier)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != grant["redirect_uri"]
            or challenge != grant["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(await self.make_tokens(grant))


@asynccontextmanager
async def serve(platform: P, host: str = "127.0.0.1") -> AsyncIterator[P]:
    """Serve a platform on a free port of loopback."""
    runner = web.AppRunner(platform.make_app(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        platform.url = f"http://{host}:{runner.addresses[0][1]}"
        yield platform
    finally:
        await runner.cleanup()
