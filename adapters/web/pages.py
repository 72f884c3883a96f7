"""The pages that the server writes itself, without a script: the first one, signing in, and signing out."""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import hdrs, web

from adapters.web.bodies import read_body
from adapters.web.cookies import (
    check_csrf_token,
    check_origin,
    drop_cookie,
    make_csrf_token,
    put_cookie,
    read_cookie,
)
from adapters.web.headers import PAGE_HEADERS
from adapters.web.limiting import LIMITS, Action
from adapters.web.problems import RETRY_AFTER_S, get_status
from adapters.web.routing import PREFIX, STUDIO
from bots.pieces import name_platform
from bots.wording import Words
from core.errors import NotFoundError, TrainyardError, UnauthenticatedError, UnavailableError

STATIC = web.static("/static", Path(__file__).resolve().parent / "static")
_Page = Callable[[web.Request, Words], Awaitable[web.Response]]
_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Trainyard</title>
<link rel="stylesheet" href="/static/pages.css">
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def _serve(action: Action, page: _Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Count a request of this kind, answer it, and say in a page what goes wrong."""

    async def serve(request: web.Request) -> web.Response:
        words = Words(request.headers.get(hdrs.ACCEPT_LANGUAGE, "").partition(",")[0])
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


async def _show_home(request: web.Request, words: Words) -> web.Response:
    """Say who is signed in, or how to sign in."""
    studio, secret = request.app[STUDIO], read_cookie(request)
    try:
        principal, _ = await studio.sessions.authenticate(secret)
    except UnauthenticatedError:
        hint = words.say("Ask the bot for a link with /login, or this computer: trainyard login")
        return _write(words, words.say("You are not signed in"), f"<p>{html.escape(hint)}</p>")
    account = await studio.accounts.get(principal)
    words = Words(account.locale)
    reference, sign_out = words.say("What programs can ask for"), words.say("Sign out")
    body = (
        f'<p><a href="{PREFIX}/openapi.json">{html.escape(reference)}</a></p>'
        '<form method="post" action="/logout">'
        f'<input type="hidden" name="csrf_token" value="{make_csrf_token(secret)}">'
        f"<button>{html.escape(sign_out)}</button></form>"
    )
    return _write(words, words.say("Hello, {name}", name=account.display_name), body)


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
    answer = _go_home()
    put_cookie(request, answer, secret)
    return answer


async def _sign_out(request: web.Request, words: Words) -> web.Response:
    """End the session of this browser."""
    check_origin(request)
    secret = read_cookie(request)
    form = parse_qs((await read_body(request)).decode(errors="replace"))
    check_csrf_token(secret, form.get("csrf_token", [""])[0])
    await request.app[STUDIO].sessions.sign_out(secret)
    answer = _go_home()
    drop_cookie(request, answer)
    return answer


def _go_home() -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: "/", **PAGE_HEADERS})


def _write(words: Words, title: str, body: str, status: int = 200) -> web.Response:
    """Write a page; `body` is HTML, `title` is text."""
    text = _PAGE.format(language=words.language, title=html.escape(title), body=body)
    return web.Response(status=status, text=text, content_type="text/html", headers=PAGE_HEADERS)


PAGES = (
    web.get("/", _serve(Action.ANONYMOUS, _show_home)),
    web.get("/login/{secret}", _serve(Action.ANONYMOUS, _show_login)),
    web.post("/login/{secret}", _serve(Action.SIGN_IN, _sign_in)),
    web.post("/logout", _serve(Action.ANONYMOUS, _sign_out)),
)
