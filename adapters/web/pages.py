"""The frame of the sandbox, which scripts fill; and for those who are not signed in, how to."""

import html
from pathlib import Path

from aiohttp import web

from adapters.web.cookies import make_csrf_token, read_cookie
from adapters.web.headers import make_page_headers
from adapters.web.limiting import Action
from adapters.web.places import PLACES, read_place
from adapters.web.plain_pages import serve_page, write_page
from adapters.web.proving import list_platforms
from adapters.web.routing import STUDIO
from adapters.web.signing_in import write_ways
from adapters.web.views.accounts import AccountView
from bots.wording import Words
from core.errors import UnauthenticatedError

STATIC_FOLDER = Path(__file__).resolve().parent / "static"
STATIC = web.static("/static", STATIC_FOLDER)
_STYLE = '<link rel="stylesheet" href="/static/{name}.css">'
STYLES = ("design", "dataset", "training", "models")
"""The stylesheets of the sandbox; each but the first belongs to a few pages."""
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


async def _show_sandbox(request: web.Request, words: Words) -> web.Response:
    """Send the frame that the scripts fill, to whoever is signed in; say to others how to sign in."""
    studio, secret = request.app[STUDIO], read_cookie(request)
    try:
        principal, _ = await studio.sessions.authenticate(secret)
    except UnauthenticatedError:
        body = write_ways(words, list_platforms(request.app), read_place(request.path_qs))
        return write_page(request, words, words.say("You are not signed in"), body)
    account = await studio.accounts.get(principal)
    text = _SANDBOX.format(
        language=Words(account.locale).language,
        styles="\n".join(_STYLE.format(name=name) for name in STYLES),
        account=html.escape(AccountView.of(account).model_dump_json()),
        csrf_token=make_csrf_token(secret),
        no_script=html.escape(words.say("The sandbox needs JavaScript; allow it for this page.")),
    )
    headers = make_page_headers(request)
    return web.Response(text=text, content_type="text/html", headers=headers)


PAGES = (
    web.get("/", serve_page(Action.ANONYMOUS, _show_sandbox)),
    web.get(
        f"/{{place:({'|'.join(PLACES)})}}{{below:(/[^/]+)?}}",
        serve_page(Action.ANONYMOUS, _show_sandbox),
    ),
)
