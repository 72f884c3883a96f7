"""Telegram's OpenID Connect: a code for a signed statement of who somebody is, checked by PyJWT.

Sources: OpenID Connect Core 1.0, 3.1.3.7 (what to check); core.telegram.org/bots/telegram-login (`id` is the
number by which bots know somebody; `sub` need not be).
"""

import asyncio
import hmac
import re
from collections.abc import Mapping
from typing import Any

import jwt

from adapters.identity_providers.exchange import Client, Exchange
from core.accounts.records import Ask, Proof

_ALGORITHMS = ("RS256", "ES256", "EdDSA")
_LEEWAY_S = 30.0
_KEYS_LAST_S = 3600.0
_LOOK_AGAIN_S = 30.0
"""How often an unknown key may make us ask for the keys again."""
_ID = re.compile(r"[1-9]\d{0,19}", re.ASCII)


class TelegramIdentities:
    """Proves who somebody is on Telegram, under the number by which the bot knows them."""

    platform = "telegram"

    def __init__(self, url: str, client: Client) -> None:
        self._exchange = Exchange("Telegram", client, url, f"{url}/auth", f"{url}/token")
        self._well_known = f"{url}/.well-known"
        self._keys: list[jwt.PyJWK] = []
        self._read_at_s = float("-inf")

    def make_address(self, ask: Ask) -> str:
        return self._exchange.make_address(ask, scope="openid profile", nonce=ask.nonce)

    async def prove(self, ask: Ask, told: Mapping[str, str]) -> Proof:
        tokens = await self._exchange.redeem(ask, told)
        statement = tokens.get("id_token")
        if not isinstance(statement, str):
            raise self._exchange.distrust("no id_token")
        try:
            claims = await self._check(statement)
        except jwt.PyJWTError as error:
            raise self._exchange.distrust(type(error).__name__) from error
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(
            nonce.encode(), ask.nonce.encode()
        ):
            raise self._exchange.distrust("another nonce")
        user_id = str(claims.get("id", ""))
        if not _ID.fullmatch(user_id):
            raise self._exchange.distrust("no id")
        name = claims.get("name") or claims.get("preferred_username") or ""
        return Proof(external_id=user_id, display_name=str(name))

    async def inspect(self) -> list[str]:
        """List what is wrong with the client, and whether Telegram is where the settings say."""
        if problems := await self._exchange.inspect():
            return problems
        answer = await self._exchange.call("GET", f"{self._well_known}/openid-configuration")
        if answer.body.get("issuer") != self._exchange.issuer:
            return ["TRAINYARD_TELEGRAM_SIGN_IN_URL is not the address that Telegram signs with."]
        return []

    async def _check(self, statement: str) -> dict[str, Any]:  # claims are any JSON
        """Return the claims of a statement that Telegram signed for us. Raises PyJWTError."""
        client_id = self._exchange.client.id
        claims: dict[str, Any] = jwt.decode(  # as above
            statement,
            await self._find_key(jwt.get_unverified_header(statement).get("kid")),
            algorithms=_ALGORITHMS,
            audience=client_id,
            issuer=self._exchange.issuer,
            leeway=_LEEWAY_S,
            options={"require": ["iss", "aud", "exp", "iat", "sub"]},
        )
        if claims["aud"] not in (client_id, [client_id]):
            raise jwt.InvalidAudienceError("it is for others too")
        return claims

    async def _find_key(self, kid: str | None) -> jwt.PyJWK:
        """Find the key that a statement names, among those read within the last hour."""
        age_s = asyncio.get_running_loop().time() - self._read_at_s
        found = [key for key in self._keys if key.key_id == kid]
        if age_s > _KEYS_LAST_S or (not found and age_s > _LOOK_AGAIN_S):
            answer = await self._exchange.call("GET", f"{self._well_known}/jwks.json")
            if answer.status != 200:
                raise self._exchange.give_up()
            self._keys = jwt.PyJWKSet.from_dict(answer.body).keys
            self._read_at_s = asyncio.get_running_loop().time()
            found = [key for key in self._keys if key.key_id == kid]
        if not found:
            raise jwt.InvalidKeyError("no such key")
        return found[0]
