"""The pages of signing in without a script: by a one-time link, and by a platform that proves who somebody is."""

import html
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from aiohttp import hdrs, web

from adapters.web.cookies import (
    check_origin,
    drop_attempt,
    put_attempt,
    put_cookie,
    read_attempt,
    read_cookie,
)
from adapters.web.limiting import Action
from adapters.web.places import read_place
from adapters.web.plain_pages import (
    lead_to,
    serve_page,
    write_button,
    write_link,
    write_page,
    write_text,
)
from adapters.web.proving import SIGN_IN_DOOR
from adapters.web.routing import STUDIO
from bots.first_contact import meet
from bots.pieces import name_platform
from bots.wording import Words
from core.accounts.records import Account, Principal
from core.conversations.service import Spot
from core.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from core.platforms import IdentityProvider


def write_ways(words: Words, platforms: Iterable[str], place: str) -> str:
    """Write how to sign in, as HTML: a button for each platform, and where links come from."""
    buttons = [
        write_button(
            words.say("Sign in with {platform}", platform=name_platform(words, platform)),
            f"/sign-in/{platform}?{urlencode({'next': place})}",
            "primary",
        )
        for platform in platforms
    ]
    hint = words.say("Ask the bot for a link with /login, or this computer: trainyard login")
    return "\n".join([*buttons, write_text(hint)])


async def _show_login(request: web.Request, words: Words) -> web.Response:
    """Ask whether to sign in; previews of links come this far and no further."""
    sessions = request.app[STUDIO].sessions
    link, account = await sessions.look_at_link(request.match_info["secret"])
    words = Words(account.locale)
    hint = words.say(
        "The link was shown on {platform}. If it was not you who asked for it, close this page.",
        platform=name_platform(words, link.platform),
    )
    body = write_text(hint) + write_button(words.say("Sign in"), kind="primary")
    title = words.say("Sign in as {name}?", name=account.display_name)
    return write_page(request, words, title, body)


async def _sign_in(request: web.Request, words: Words) -> web.Response:
    """Use the link up."""
    check_origin(request)
    _, secret = await request.app[STUDIO].sessions.sign_in(
        request.match_info["secret"], _name_client(request), previous=read_cookie(request)
    )
    answer = lead_to(request, "/")
    put_cookie(request, answer, secret)
    return answer


async def _begin(request: web.Request, words: Words) -> web.Response:
    """Send somebody to a platform: to sign in, or, who is signed in already, to link it."""
    check_origin(request)
    provider, studio = _find_provider(request), request.app[STUDIO]
    ask, browser = await studio.sign_ins.begin(
        provider.platform,
        read_place(request.query.get("next", "")),
        read_attempt(request),
        await _find_principal(request),
    )
    answer = lead_to(request, provider.make_address(ask))
    put_attempt(request, answer, browser)
    return answer


async def _come_back(request: web.Request, words: Words) -> web.Response:
    """Take what the platform proves, once: sign its person in, or ask whether to link it."""
    provider, studio = _find_provider(request), request.app[STUDIO]
    state = request.query.get("state", "")
    attempt, ask = await studio.sign_ins.take(provider.platform, state, read_attempt(request))
    proof = await provider.prove(ask, dict(request.query))
    if attempt.account is not None:
        must_ask = await studio.sign_ins.ask_to_link(attempt, proof)
        return lead_to(request, f"/link/{quote(state, safe='')}" if must_ask else attempt.place)
    who = proof.external_id
    spot = Spot(platform=provider.platform, external_id=who, place=who)
    door = request.app[SIGN_IN_DOOR]
    if not door.newcomers and await studio.accounts.find_by_identity(spot.platform, who) is None:
        raise ForbiddenError("Nobody here knows you yet. Write to the bot first, then sign in.")
    points = door.welcome_points
    account, _ = await meet(studio, spot, proof.display_name, words.language, points)
    return await _open_session(request, account, provider.platform, attempt.place)


async def _show_link(request: web.Request, words: Words) -> web.Response:
    """Ask whether to link what the platform proved; nothing is linked by looking."""
    principal, studio = await _get_principal(request), request.app[STUDIO]
    me = await studio.accounts.get(principal)
    attempt, proof, other = await studio.sign_ins.look_at_link(
        principal, request.match_info["state"], read_attempt(request)
    )
    words = Words(me.locale)
    platform = name_platform(words, attempt.platform)
    hint = words.say(
        "There you are {name}. From now on you are the same person here, however you come in.",
        name=proof.display_name or proof.external_id,
    )
    body = write_text(hint)
    if other is not None:
        warning = words.say(
            "You already have an account from there. Both become one, with all datasets, models and "
            "points. That cannot be undone."
        )
        body += f'<p class="note warn">{html.escape(warning)}</p>'
    body += write_button(words.say("Link them"), kind="primary")
    body += write_link(words.say("Cancel"), attempt.place)
    title = words.say("Link {platform} to {name}?", platform=platform, name=me.display_name)
    return write_page(request, words, title, body)


async def _link(request: web.Request, words: Words) -> web.Response:
    """Link it."""
    check_origin(request)
    principal, studio = await _get_principal(request), request.app[STUDIO]
    account, attempt = await studio.sign_ins.link(
        principal, request.match_info["state"], read_attempt(request)
    )
    return await _open_session(request, account, attempt.platform, attempt.place)


async def _open_session(
    request: web.Request, account: Account, platform: str, place: str
) -> web.Response:
    """Give the browser a new session and lead it on."""
    _, secret = await request.app[STUDIO].sessions.open(
        account, platform, _name_client(request), previous=read_cookie(request)
    )
    answer = lead_to(request, place)
    put_cookie(request, answer, secret)
    drop_attempt(request, answer)
    return answer


def _find_provider(request: web.Request) -> IdentityProvider:
    provider = request.app[SIGN_IN_DOOR].providers.get(request.match_info["platform"])
    if provider is None:
        raise NotFoundError("Nobody can sign in that way here.")
    return provider


async def _get_principal(request: web.Request) -> Principal:
    """Return who is signed in. Raises UnauthenticatedError."""
    principal, _ = await request.app[STUDIO].sessions.authenticate(read_cookie(request))
    return principal


async def _find_principal(request: web.Request) -> Principal | None:
    try:
        return await _get_principal(request)
    except UnauthenticatedError:
        return None


def _name_client(request: web.Request) -> str:
    return request.headers.get(hdrs.USER_AGENT, "")


SIGN_IN_PAGES = (
    web.get("/login/{secret}", serve_page(Action.ANONYMOUS, _show_login)),
    web.post("/login/{secret}", serve_page(Action.SIGN_IN, _sign_in)),
    web.post("/sign-in/{platform}", serve_page(Action.SIGN_IN, _begin)),
    web.get(
        "/sign-in/{platform}/callback", serve_page(Action.SIGN_IN, _come_back), allow_head=False
    ),
    web.get("/link/{state}", serve_page(Action.ANONYMOUS, _show_link)),
    web.post("/link/{state}", serve_page(Action.SIGN_IN, _link)),
)
