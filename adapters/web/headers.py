"""The headers that keep browsers from doing harm with an answer; on every one of them."""

from aiohttp import hdrs, web

from adapters.web.cookies import SITE
from adapters.web.noting import REQUEST, REQUEST_ID
from adapters.web.problems import ANSWERED
from adapters.web.proving import SIGN_IN_DOOR

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; form-action {forms}; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types trainyard",
    "Referrer-Policy": "same-origin",
}
"""What a page has instead. With no-referrer, browsers would send its forms with `Origin: null`."""
_SELF = "'self'"
_HSTS = "max-age=31536000"


def make_page_headers(request: web.Request) -> dict[str, str]:
    """Make the headers of a page; its forms may lead to the platforms by which people sign in."""
    forms = " ".join((_SELF, *request.app[SIGN_IN_DOOR].origins))
    return {name: value.format(forms=forms) for name, value in _PAGE_HEADERS.items()}


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on an answer that is about to begin, unless it has its own."""
    request[ANSWERED] = True
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    is_file = isinstance(response, web.FileResponse)  # of static/: asked for anew by its ETag
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache" if is_file else "no-store")
    if request.app[SITE].is_https:
        response.headers["Strict-Transport-Security"] = _HSTS
    response.headers[hdrs.SERVER] = "Trainyard"
    if REQUEST in request:
        response.headers[REQUEST_ID] = request[REQUEST]
