"""Telegram: a statement signed with one of its keys, which everybody can read."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.fake_identity.platform import CLIENT_ID, Platform

Claims = dict[str, Any]
"""Any JSON."""
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@functools.cache
def make_key(kid: str, algorithm: str) -> PrivateKey:
    """Make the key of this name, once in a run."""
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Telegram(Platform):
    """Telegram's OpenID Connect."""

    authorize_path: str = "/auth"
    token_path: str = "/token"
    scope: str = "openid profile"
    keys: dict[str, str] = field(default_factory=lambda: {"oidc-1": "RS256", "oidc-2": "ES256"})
    """The algorithm of each key that it shows."""
    signs_with: str = "oidc-1"
    change: Callable[[Claims], Claims] = dict
    """What a test makes of the claims before they are signed."""
    sign: Callable[[Claims], str] | None = None
    """How a test signs instead."""

    def make_app(self) -> web.Application:
        app = super().make_app()
        app.router.add_get("/.well-known/jwks.json", self._show_keys)
        app.router.add_get("/.well-known/openid-configuration", self._show_configuration)
        return app

    async def make_tokens(self, grant: dict[str, str]) -> dict[str, object]:
        now = int(time.time())
        claims = self.change(
            {
                "iss": self.url,
                "aud": CLIENT_ID,
                "sub": f"opaque-{self.someone.id}",
                "id": self.someone.id,
                "name": self.someone.name,
                "preferred_username": "mira",
                "nonce": grant["nonce"],
                "iat": now,
                "exp": now + 300,
            }
        )
        statement = (self.sign or self.sign_well)(claims)
        self.told |= {statement, grant["nonce"]}
        return {"access_token": "unused", "token_type": "Bearer", "id_token": statement}

    def sign_well(self, claims: Claims) -> str:
        algorithm = self.keys[self.signs_with]
        key = make_key(self.signs_with, algorithm)
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": self.signs_with})

    async def _show_keys(self, request: web.Request) -> web.Response:
        keys = [{"kty": "OKP", "crv": "X25519", "kid": "of no use here", "x": "AA"}]
        for kid, algorithm in self.keys.items():
            public = make_key(kid, algorithm).public_key()
            keys.append({**_show(public), "kid": kid, "alg": algorithm, "use": "sig"})
        return web.json_response({"keys": keys})

    async def _show_configuration(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"issuer": self.url, "jwks_uri": f"{self.url}/.well-known/jwks.json"}
        )


def _show(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> Claims:
    """Write a public key as a JWK."""
    if isinstance(key, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(key, as_dict=True)
    return ECAlgorithm.to_jwk(key, as_dict=True)
