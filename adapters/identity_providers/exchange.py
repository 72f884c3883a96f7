"""What the platforms have in common: where people are sent, and what the code is worth that they come back with.

Sources: RFC 6749, 4.1 (the code grant), RFC 7636 (PKCE), RFC 9207 (who answered).
"""

import base64
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    encode_basic_auth,
    hdrs,
)

from core.accounts.records import Ask
from core.errors import RefusedError, UnavailableError

_log = logging.getLogger(__name__)
_ANSWER_S = 10.0
_MAX_BYTES = 256 * 1024
_BUSY = 429
_NOT_KNOWN = ("invalid_client", "unauthorized_client")
_LATER = ("temporarily_unavailable", "server_error")


@dataclass(frozen=True)
class Client:
    """What a platform knows this server by."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class Answer:
    """What a platform said; `body` is empty where it was no JSON object."""

    status: int
    body: dict[str, object] = field(repr=False)


@dataclass(frozen=True)
class Exchange:
    """The code grant of one platform; nothing that it sends or gets is logged."""

    name: str
    client: Client
    issuer: str
    authorize_url: str
    token_url: str

    def make_address(self, ask: Ask, **more: str) -> str:
        """Make the address where a person lets the platform tell us who they are."""
        digest = hashlib.sha256(ask.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.client.id,
            "redirect_uri": self.client.redirect_uri,
            "state": ask.state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **more,
        }
        return f"{self.authorize_url}?{urlencode(query)}"

    async def redeem(self, ask: Ask, told: Mapping[str, str]) -> dict[str, object]:
        """Return the tokens for the code that a person has come back with.

        Raises RefusedError, UnavailableError.
        """
        if told.get("iss", self.issuer) != self.issuer:
            raise self.distrust("another issuer answered")
        if error := told.get("error"):
            raise self._explain(error)
        answer = await self._send_code(told.get("code", ""), ask.verifier)
        if answer.status == 200:
            return answer.body
        raise self._explain(str(answer.body.get("error", "")) or f"status {answer.status}")

    async def inspect(self) -> list[str]:
        """Say what is wrong with the client: a code that never was must be all that is refused."""
        try:
            answer = await self._send_code("none", "doctor" * 8)
        except UnavailableError as error:
            return [error.message]
        if answer.status == 401 or answer.body.get("error") in _NOT_KNOWN:
            return [f"{self.name} refuses the client id or secret. Copy both again."]
        return []

    def distrust(self, why: str) -> RefusedError:
        """Make the error for an answer that proves nothing; the log says why, without what was in it."""
        _log.warning("an answer of %s was not trusted: %s", self.name, why)
        return RefusedError(
            f"What came back from {self.name} could not be trusted, so nothing was done. Begin again; "
            "if it stays so, tell the operator."
        )

    async def call(
        self,
        method: str,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        bearer: str = "",
    ) -> Answer:
        """Ask the platform. Raises UnavailableError when it does not answer, or says that it cannot."""
        headers = {hdrs.ACCEPT: "application/json"}
        if bearer:
            headers[hdrs.AUTHORIZATION] = f"Bearer {bearer}"
        if form is not None:
            headers[hdrs.AUTHORIZATION] = encode_basic_auth(self.client.id, self.client.secret)
        timeout = ClientTimeout(total=_ANSWER_S)
        try:
            async with (
                ClientSession(timeout=timeout, cookie_jar=DummyCookieJar()) as session,
                session.request(
                    method, url, data=form, headers=headers, allow_redirects=False
                ) as response,
            ):
                status, text = response.status, bytearray()
                async for chunk in response.content.iter_any():
                    text += chunk
                    if len(text) > _MAX_BYTES:
                        raise ValueError("too long an answer")
        except (ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            _log.warning("%s did not answer: %s", self.name, type(error).__name__)
            raise self.give_up() from error
        if status >= 500 or status == _BUSY:
            _log.warning("%s answered %s", self.name, status)
            raise self.give_up()
        return Answer(status, _read_object(text))

    def give_up(self) -> UnavailableError:
        """Make the error for a platform that is down."""
        return UnavailableError(
            f"{self.name} does not answer. Try again in a minute, or ask the bot for a link with /login."
        )

    async def _send_code(self, code: str, verifier: str) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.client.redirect_uri,
            "client_id": self.client.id,
            "code_verifier": verifier,
        }
        return await self.call("POST", self.token_url, form=form)

    def _explain(self, error: str) -> RefusedError | UnavailableError:
        if error == "access_denied":
            return RefusedError(
                f"You did not let {self.name} tell who you are, so nothing was done. Begin again if you want to."
            )
        if error == "invalid_grant":
            return RefusedError(
                f"What {self.name} gave you has expired or was used before. Begin again."
            )
        if error in _LATER:
            return self.give_up()
        _log.error("%s refuses this server, see `trainyard doctor`: %r", self.name, error[:40])
        return RefusedError(
            f"Signing in by {self.name} is set up wrongly here. Tell the operator, and ask the bot for a link "
            "with /login."
        )


def _read_object(text: bytes | bytearray) -> dict[str, object]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
