"""Discord: an opaque token, for which it says who somebody is until the token is given back."""

import secrets
from dataclasses import dataclass, field

from aiohttp import web

from tests.fake_identity.platform import Platform


@dataclass
class Discord(Platform):
    """Discord as far as signing in goes."""

    authorize_path: str = "/oauth2/authorize"
    token_path: str = "/api/oauth2/token"
    scope: str = "identify"
    live: set[str] = field(default_factory=set)
    """Tokens that nobody has given back."""

    def make_app(self) -> web.Application:
        app = super().make_app()
        app.router.add_get("/api/v10/users/@me", self._tell)
        app.router.add_post("/api/oauth2/token/revoke", self._revoke)
        return app

    async def make_tokens(self, grant: dict[str, str]) -> dict[str, object]:
        token = secrets.token_urlsafe(24)
        self.live.add(token)
        self.told.add(token)
        return {"access_token": token, "token_type": "Bearer", "scope": grant["scope"]}

    async def _tell(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.live:
            return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
        user = {"id": str(self.someone.id), "username": "mira", "global_name": self.someone.name}
        return web.json_response(user)

    async def _revoke(self, request: web.Request) -> web.Response:
        if not self.knows(request):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.live.discard(str((await request.post()).get("token")))
        return web.json_response({})
