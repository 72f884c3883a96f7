"""The session's cookie, and what keeps other sites from making use of it."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from core.accounts.sessions import SESSION_LASTS
from core.accounts.sign_ins import ATTEMPT_LASTS
from core.errors import ForbiddenError

CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_FETCH_SITE = "Sec-Fetch-Site"
_OURS = frozenset({"same-origin", "none"})
_ELSEWHERE = "This came from another site, so it was not done. Do it on Trainyard's own page."
_NO_PROOF = (
    "The header X-CSRF-Token is missing or wrong, so it was not done. Load the page again; "
    "programs find the token in `GET /me/session`."
)


@dataclass(frozen=True)
class Site:
    """Where people reach this server, and what follows for its cookie."""

    public_url: str

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The cookie's name; with this prefix browsers take it from this host alone, and by TLS."""
        return "__Host-trainyard" if self.is_https else "trainyard"

    @property
    def attempt_cookie(self) -> str:
        """The name of the cookie that binds an attempt to sign in to its browser."""
        return f"{self.cookie}-sign-in"


SITE: web.AppKey[Site] = web.AppKey("site", Site)


def read_cookie(request: web.Request) -> str:
    """Return the secret that the browser holds, empty for none."""
    return request.cookies.get(request.app[SITE].cookie, "")


def read_attempt(request: web.Request) -> str:
    """Return the secret of the browser's attempts to sign in, empty for none."""
    return request.cookies.get(request.app[SITE].attempt_cookie, "")


def put_cookie(request: web.Request, response: web.Response, secret: str) -> None:
    """Give the browser a session's secret, out of reach of scripts and of other sites' requests."""
    _put(request, response, request.app[SITE].cookie, secret, SESSION_LASTS)


def put_attempt(request: web.Request, response: web.Response, secret: str) -> None:
    """Give the browser the secret of its attempts to sign in."""
    _put(request, response, request.app[SITE].attempt_cookie, secret, ATTEMPT_LASTS)


def drop_cookie(request: web.Request, response: web.Response) -> None:
    """Take the secret from the browser."""
    _drop(request, response, request.app[SITE].cookie)


def drop_attempt(request: web.Request, response: web.Response) -> None:
    """Take the secret of its attempts from the browser: all of them are over."""
    _drop(request, response, request.app[SITE].attempt_cookie)


def _put(
    request: web.Request, response: web.Response, name: str, secret: str, lasts: timedelta
) -> None:
    response.set_cookie(
        name,
        secret,
        max_age=int(lasts.total_seconds()),
        path="/",
        secure=request.app[SITE].is_https,
        httponly=True,
        samesite="Lax",  # Strict would not come with a click in a chat, nor back from a platform
    )


def _drop(request: web.Request, response: web.Response, name: str) -> None:
    is_https = request.app[SITE].is_https
    response.del_cookie(name, path="/", secure=is_https, httponly=True, samesite="Lax")


def make_csrf_token(secret: str) -> str:
    """Make a session's token from its secret: our pages can be told it, other sites cannot know it."""
    return hmac.new(secret.encode(errors="replace"), b"csrf", hashlib.sha256).hexdigest()


def check_csrf_token(secret: str, token: str) -> None:
    """Raise ForbiddenError unless the token belongs to this secret."""
    wanted = make_csrf_token(secret).encode()
    if not hmac.compare_digest(wanted, token.encode(errors="replace")):
        raise ForbiddenError(_NO_PROOF, code="csrf")


def check_origin(request: web.Request) -> None:
    """Raise ForbiddenError unless the browser says that one of our own pages asks.

    Source: trust in Sec-Fetch-Site where there is one, else in Origin (OWASP, Cross-Site Request
    Forgery Prevention); a request with neither comes from no browser of these years.
    """
    fetch_site = request.headers.get(_FETCH_SITE)
    if fetch_site is not None:
        if fetch_site not in _OURS:
            raise ForbiddenError(_ELSEWHERE, code="csrf")
        return
    origin, site = request.headers.get(hdrs.ORIGIN, ""), request.app[SITE]
    scheme, _, host = origin.partition("://")
    by_host = host == request.host and scheme == ("https" if site.is_https else "http")
    if not origin or not (by_host or origin == _get_origin(site.public_url)):
        raise ForbiddenError(_ELSEWHERE, code="csrf")


def _get_origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
