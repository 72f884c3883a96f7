"""The pages that the server writes itself: signing in without a script, and the frame of the sandbox."""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import hdrs, web

from adapters.web.cookies import (
    check_origin,
    make_csrf_token,
    put_cookie,
    read_cookie,
)
from adapters.web.headers import PAGE_HEADERS
from adapters.web.limiting import LIMITS, Action
from adapters.web.problems import RETRY_AFTER_S, get_status, read_words
from adapters.web.routing import STUDIO
from adapters.web.views.accounts import AccountView
from bots.pieces import name_platform
from bots.wording import Words
from core.errors import NotFoundError, TrainyardError, UnauthenticatedError, UnavailableError

STATIC_FOLDER = Path(__file__).resolve().parent / "static"
STATIC = web.static("/static", STATIC_FOLDER)
_Page = Callable[[web.Request, Words], Awaitable[web.Response]]
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Trainyard</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/design.css">
</head>
<body class="plain">
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
_STYLE = '<link rel="stylesheet" href="/static/{name}.css">'
STYLES = ("design", "dataset", "training", "models")
"""The stylesheets of the sandbox; each but the first belongs to a few pages."""
PLACES = (
    "datasets",
    "train",
    "trainings",
    "compare",
    "models",
    "generate",
    "generations",
    "points",
    "inbox",
    "account",
    "admin",
    "style",
)
"""The first part of every address of the sandbox; what lies below, its router knows (static/lib/router.js)."""
_SANDBOX = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trainyard</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
{styles}
<script src="/static/app.js" type="module"></script>
</head>
<body data-account="{account}" data-csrf="{csrf_token}">
<main id="main"></main>
<noscript>{no_script}</noscript>
</body>
</html>
"""


def _serve(action: Action, page: _Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Count a request of this kind, answer it, and say in a page what goes wrong."""

    async def serve(request: web.Request) -> web.Response:
        words = read_words(request)
        try:
            await request.app[LIMITS].hit_from(action, request)
            return await page(request, words)
        except TrainyardError as error:
            if type(error) is TrainyardError:
                raise
            status = 410 if isinstance(error, NotFoundError) else get_status(type(error)).value
            text = f"<p>{html.escape(words.known(error.message))}</p>"
            answer = _write(words, words.say("That did not work"), text, status)
            if isinstance(error, UnavailableError):
                wait_s = error.retry_after_s or RETRY_AFTER_S
                answer.headers[hdrs.RETRY_AFTER] = f"{wait_s:.0f}"
            return answer

    return serve


async def _show_sandbox(request: web.Request, words: Words) -> web.Response:
    """Send the frame that the scripts fill, to whoever is signed in; say to others how to sign in."""
    studio, secret = request.app[STUDIO], read_cookie(request)
    try:
        principal, _ = await studio.sessions.authenticate(secret)
    except UnauthenticatedError:
        hint = words.say("Ask the bot for a link with /login, or this computer: trainyard login")
        return _write(words, words.say("You are not signed in"), f"<p>{html.escape(hint)}</p>")
    account = await studio.accounts.get(principal)
    text = _SANDBOX.format(
        language=Words(account.locale).language,
        styles="\n".join(_STYLE.format(name=name) for name in STYLES),
        account=html.escape(AccountView.of(account).model_dump_json()),
        csrf_token=make_csrf_token(secret),
        no_script=html.escape(words.say("The sandbox needs JavaScript; allow it for this page.")),
    )
    return web.Response(text=text, content_type="text/html", headers=PAGE_HEADERS)


async def _show_login(request: web.Request, words: Words) -> web.Response:
    """Ask whether to sign in; previews of links come this far and no further."""
    sessions = request.app[STUDIO].sessions
    link, account = await sessions.look_at_link(request.match_info["secret"])
    words = Words(account.locale)
    title, sign_in = (
        words.say("Sign in as {name}?", name=account.display_name),
        words.say("Sign in"),
    )
    place = name_platform(words, link.platform)
    hint = words.say(
        "The link was shown on {platform}. If it was not you who asked for it, close this page.",
        platform=place,
    )
    body = (
        f'<p>{html.escape(hint)}</p><form method="post">'
        f"<button>{html.escape(sign_in)}</button></form>"
    )
    return _write(words, title, body)


async def _sign_in(request: web.Request, words: Words) -> web.Response:
    """Use the link up."""
    check_origin(request)
    _, secret = await request.app[STUDIO].sessions.sign_in(
        request.match_info["secret"],
        request.headers.get(hdrs.USER_AGENT, ""),
        previous=read_cookie(request),
    )
    answer = web.Response(status=303, headers={hdrs.LOCATION: "/", **PAGE_HEADERS})
    put_cookie(request, answer, secret)
    return answer


def _write(words: Words, title: str, body: str, status: int = 200) -> web.Response:
    """Write a page; `body` is HTML, `title` is text."""
    text = _PAGE.format(language=words.language, title=html.escape(title), body=body)
    return web.Response(status=status, text=text, content_type="text/html", headers=PAGE_HEADERS)


PAGES = (
    web.get("/", _serve(Action.ANONYMOUS, _show_sandbox)),
    web.get(
        f"/{{place:({'|'.join(PLACES)})}}{{below:(/[^/]+)?}}",
        _serve(Action.ANONYMOUS, _show_sandbox),
    ),
    web.get("/login/{secret}", _serve(Action.ANONYMOUS, _show_login)),
    web.post("/login/{secret}", _serve(Action.SIGN_IN, _sign_in)),
)
