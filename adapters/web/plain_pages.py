"""Pages that need no script: how they are written, and how whatever goes wrong in one is said in one."""

import html
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from adapters.web.headers import make_page_headers
from adapters.web.limiting import LIMITS, Action
from adapters.web.problems import RETRY_AFTER_S, get_status, read_words
from bots.wording import Words
from core.errors import NotFoundError, TrainyardError, UnavailableError

Page = Callable[[web.Request, Words], Awaitable[web.Response]]
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


def serve_page(action: Action, page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Count a request of this kind, answer it, and say in a page what goes wrong."""

    async def serve(request: web.Request) -> web.Response:
        words = read_words(request)
        try:
            await request.app[LIMITS].hit_from(action, request)
            return await page(request, words)
        except TrainyardError as error:
            if type(error) is TrainyardError:
                raise
            return _say(request, words, error)

    return serve


def write_page(
    request: web.Request, words: Words, title: str, body: str, status: int = 200
) -> web.Response:
    """Write a page; `body` is HTML, `title` is text."""
    text = _PAGE.format(language=words.language, title=html.escape(title), body=body)
    headers = make_page_headers(request)
    return web.Response(status=status, text=text, content_type="text/html", headers=headers)


def write_text(text: str) -> str:
    """Write a paragraph, as HTML."""
    return f"<p>{html.escape(text)}</p>"


def write_link(text: str, address: str) -> str:
    """Write a paragraph that leads to an address of ours, as HTML."""
    return f'<p><a href="{html.escape(address)}">{html.escape(text)}</a></p>'


def write_button(text: str, address: str = "", kind: str = "") -> str:
    """Write a button that posts to an address of ours, by default to the page's own, as HTML."""
    action = f' action="{html.escape(address)}"' if address else ""
    button = f'<button class="button {kind}">{html.escape(text)}</button>'
    return f'<form method="post"{action}>{button}</form>'


def lead_to(request: web.Request, address: str) -> web.Response:
    """Send the browser on."""
    headers = {hdrs.LOCATION: address, **make_page_headers(request)}
    return web.Response(status=303, headers=headers)


def _say(request: web.Request, words: Words, error: TrainyardError) -> web.Response:
    status = 410 if isinstance(error, NotFoundError) else get_status(type(error)).value
    to_start = words.say("To the start")
    text = write_text(words.known(error.message)) + write_link(to_start, "/")
    answer = write_page(request, words, words.say("That did not work"), text, status)
    if isinstance(error, UnavailableError):
        wait_s = error.retry_after_s or RETRY_AFTER_S
        answer.headers[hdrs.RETRY_AFTER] = f"{wait_s:.0f}"
    return answer
