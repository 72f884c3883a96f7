"""Signing in, or linking, by what a platform proves (OAuth 2); apart because no chat and no link has a part in it.

An attempt belongs to the browser that began it, works once and ends in ten minutes. The browser holds one
secret, from which verifier and nonce are made: a copy of the store can finish nobody's attempt.
Source: RFC 9700, 2.1 and 4.7 (the state is bound to the browser; PKCE; one redirect address a platform).
"""

import base64
import hmac
import secrets
from datetime import timedelta

from core.accounts.linking import Linking
from core.accounts.records import Account, Ask, Principal, Proof, Scope, SignInAttempt
from core.accounts.service import Accounts
from core.accounts.tokens import require_scope
from core.codes import hash_secret
from core.errors import NotFoundError, StaleError
from core.paging import iterate
from core.ports import Clock, Documents
from core.records import Below, new_id

ATTEMPT_LASTS = timedelta(minutes=10)
_OVER = (
    "This attempt is over: it was used, took more than ten minutes, or began in another browser. "
    "Begin again."
)


class SignIns:
    """Who is on the way to a platform and back, and what each of them wants."""

    def __init__(
        self,
        attempts: Documents[SignInAttempt],
        accounts: Accounts,
        linking: Linking,
        clock: Clock,
    ) -> None:
        self._attempts = attempts
        self._accounts = accounts
        self._linking = linking
        self._clock = clock

    async def begin(
        self, platform: str, place: str, browser: str = "", principal: Principal | None = None
    ) -> tuple[Ask, str]:
        """Begin an attempt; return what to ask the platform with, and the secret that the browser keeps.

        `browser` is the secret that it has from another attempt. A principal wants to link.
        """
        if principal is not None:
            require_scope(principal, Scope.WRITE)
        now, state = self._clock.now(), secrets.token_urlsafe(32)
        browser = browser or secrets.token_urlsafe(32)
        await self._attempts.insert(
            SignInAttempt(
                id=new_id("sa"),
                created_at=now,
                updated_at=now,
                platform=platform,
                place=place,
                state_sha256=hash_secret(state),
                browser_sha256=hash_secret(browser),
                account=principal.account if principal else None,
                expires_at=now + ATTEMPT_LASTS,
            )
        )
        return _make_ask(state, browser), browser

    async def take(self, platform: str, state: str, browser: str) -> tuple[SignInAttempt, Ask]:
        """Use an attempt up when its person comes back; of two at once, one gets it. Raises NotFoundError."""
        attempt = await self._find(state, browser)
        if attempt.used_at is not None or attempt.platform != platform:
            raise NotFoundError(_OVER)
        now = self._clock.now()
        return await self._change(attempt, used_at=now), _make_ask(state, browser)

    async def ask_to_link(self, attempt: SignInAttempt, proof: Proof) -> bool:
        """Keep what was proved until the person confirms it; False: it is theirs already."""
        known = await self._accounts.find_by_identity(attempt.platform, proof.external_id)
        if known is not None and attempt.account == known.id:
            return False
        ends = self._clock.now() + ATTEMPT_LASTS
        await self._change(attempt, proof=proof, expires_at=ends)
        return True

    async def look_at_link(
        self, principal: Principal, state: str, browser: str
    ) -> tuple[SignInAttempt, Proof, Account | None]:
        """Return what is to be confirmed, and the account that it would be joined with, if it has one.

        Raises NotFoundError, also when somebody else is signed in by now.
        """
        attempt = await self._find(state, browser)
        if attempt.proof is None or attempt.account != principal.account:
            raise NotFoundError(_OVER)
        external_id = attempt.proof.external_id
        known = await self._accounts.find_by_identity(attempt.platform, external_id)
        return attempt, attempt.proof, known

    async def link(
        self, principal: Principal, state: str, browser: str
    ) -> tuple[Account, SignInAttempt]:
        """Link what was proved, once; return the account that the person has now.

        The caller gives them a new session: the account that goes is signed out everywhere.
        Raises NotFoundError; RefusedError while a training is under way.
        """
        attempt, proof, _ = await self.look_at_link(principal, state, browser)
        attempt = await self._change(attempt, proof=None)
        account = await self._linking.join(
            principal, attempt.platform, proof.external_id, proof.display_name
        )
        return account, attempt

    async def sweep(self) -> None:
        """Forget attempts that are over."""
        async for attempt in iterate(self._attempts, {"expires_at": Below(self._clock.now())}):
            try:
                await self._attempts.delete(attempt)
            except StaleError:  # it has just come to its confirmation
                continue

    async def _find(self, state: str, browser: str) -> SignInAttempt:
        found = await self._attempts.find({"state_sha256": hash_secret(state)}, limit=1)
        if not found or found[0].expires_at <= self._clock.now():
            raise NotFoundError(_OVER)
        if not hmac.compare_digest(found[0].browser_sha256, hash_secret(browser)):
            raise NotFoundError(_OVER)
        return found[0]

    async def _change(self, attempt: SignInAttempt, **fields: object) -> SignInAttempt:
        try:
            return await self._attempts.replace(attempt.changed(self._clock.now(), **fields))
        except StaleError as error:  # somebody was quicker
            raise NotFoundError(_OVER) from error


def _make_ask(state: str, browser: str) -> Ask:
    """Make an attempt's secrets from the browser's; 43 characters each, as RFC 7636 wants at least."""

    def make(purpose: str) -> str:
        made = hmac.new(browser.encode(errors="replace"), f"{purpose}:{state}".encode(), "sha256")
        return base64.urlsafe_b64encode(made.digest()).rstrip(b"=").decode()

    return Ask(state=state, verifier=make("verifier"), nonce=make("nonce"))
