"""Discord's OAuth 2: a code for a token, and the token for who somebody is; the token is given back at once.

Discord takes PKCE beside a client's secret, and names itself as issuer when people come back.
"""

import logging
import re
from collections.abc import Mapping

from adapters.identity_providers.exchange import Client, Exchange
from core.accounts.records import Ask, Proof
from core.errors import TrainyardError

_log = logging.getLogger(__name__)
_ID = re.compile(r"[1-9]\d{0,19}", re.ASCII)


class DiscordIdentities:
    """Proves who somebody is on Discord, under the id by which the bot knows them."""

    platform = "discord"

    def __init__(self, url: str, client: Client) -> None:
        self._exchange = Exchange(
            "Discord", client, url, f"{url}/oauth2/authorize", f"{url}/api/oauth2/token"
        )
        self._revoke_url = f"{url}/api/oauth2/token/revoke"
        self._me_url = f"{url}/api/v10/users/@me"

    def make_address(self, ask: Ask) -> str:
        return self._exchange.make_address(ask, scope="identify")

    async def prove(self, ask: Ask, told: Mapping[str, str]) -> Proof:
        tokens = await self._exchange.redeem(ask, told)
        token = tokens.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise self._exchange.distrust("no token")
        try:
            answer = await self._exchange.call("GET", self._me_url, bearer=token)
        finally:
            await self._revoke(token)
        user_id, user = answer.body.get("id"), answer.body
        if answer.status != 200 or not isinstance(user_id, str) or not _ID.fullmatch(user_id):
            raise self._exchange.distrust("no user")
        return Proof(
            external_id=user_id,
            display_name=str(user.get("global_name") or user.get("username") or ""),
        )

    async def inspect(self) -> list[str]:
        """List what is wrong with the client, and what to do about it."""
        return await self._exchange.inspect()

    async def _revoke(self, token: str) -> None:
        """Give the token back; where that fails it ends by itself, and nobody has it."""
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            await self._exchange.call("POST", self._revoke_url, form=form)
        except TrainyardError:
            _log.warning("a token of Discord could not be given back")
