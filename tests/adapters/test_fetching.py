"""Fetching by address: whatever is tried, nothing on this machine or its networks is ever reached."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters import fetching
from adapters.fetching import WebFetcher, check_public
from core.errors import InvalidError, RefusedError, UnreadableImageError

INNER = (
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "100.64.0.1", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.1", "192.168.1.1", "192.0.0.1", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("64:ff9b::7f00:1", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1", "fec0::1"),
    *("ff02::1", "2001:db8::1", "::127.0.0.1", "100::1", "192.0.2.1", "203.0.113.9"),
)
STRANGE = (
    *("", "cat.jpg", "file:///etc/passwd", "ftp://example.org/x", "gopher://127.0.0.1/"),
    *("https://", "http://user:secret@example.org/", "http://example.org:22/x", "javascript:1"),
    *("http://[::1", "http://example.org:99999/", "data:image/png;base64,AAAA", "\ud800"),
)


@pytest.fixture
async def fetcher() -> AsyncIterator[WebFetcher]:
    fetcher = WebFetcher()
    yield fetcher
    await fetcher.close()


async def read(fetcher: WebFetcher, url: str) -> bytes:
    return b"".join([chunk async for chunk in fetcher.fetch(url)])


@pytest.mark.parametrize("host", INNER)
def test_an_inner_address_is_not_public(host: str) -> None:
    with pytest.raises(OSError, match="not a public address"):
        check_public(host)


@pytest.mark.parametrize("host", ["1.1.1.1", "93.184.215.14", "2606:4700::1111"])
def test_a_public_address_is(host: str) -> None:
    check_public(host)


async def test_every_way_to_write_an_inner_address_ends_before_a_byte_is_sent(
    fetcher: WebFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[str] = []
    canary = await asyncio.start_server(lambda r, w: reached.append("!"), "127.0.0.1", 0)
    port = canary.sockets[0].getsockname()[1]
    monkeypatch.setattr(fetching, "_PORTS", (80, 443, port))
    written = [f"[{host}]" if ":" in host else host for host in INNER]
    written += [
        "localhost",
        "localhost.",
        "2130706433",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "①②⑦.0.0.1",
    ]
    try:
        for host in written:
            with pytest.raises(RefusedError):
                await read(fetcher, f"http://{host}:{port}/cat.jpg")
    finally:
        canary.close()
        await canary.wait_closed()
    assert reached == []


@pytest.mark.parametrize("url", STRANGE)
async def test_what_is_no_web_address_is_said_to_be_none(fetcher: WebFetcher, url: str) -> None:
    with pytest.raises(InvalidError, match="no web address"):
        await read(fetcher, url)


async def test_files_are_fetched_and_redirects_are_checked_like_the_first_address(
    fetcher: WebFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loopback stands for the public web here; the address of the redirect is what is refused."""
    allowed = fetching.check_public
    monkeypatch.setattr(
        fetching, "check_public", lambda host: None if host == "127.0.0.1" else allowed(host)
    )

    async def answer(request: web.Request) -> web.Response:
        if target := request.query.get("to"):
            raise web.HTTPFound(target)
        if "gone" in request.path:
            raise web.HTTPNotFound
        return web.Response(body=b"picture")

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        monkeypatch.setattr(fetching, "_PORTS", (80, 443, server.port))
        assert await read(fetcher, str(server.make_url("/cat.jpg"))) == b"picture"
        assert await read(fetcher, str(server.make_url("/a?to=/cat.jpg"))) == b"picture"
        hop = f"http://127.0.0.2:{server.port}/cat.jpg"
        for path in (
            "/gone.jpg",
            f"/a?to={hop}",
            "/a?to=/a%3Fto%3D/a%3Fto%3D/a%3Fto%3D/a%3Fto%3D/b",
        ):
            with pytest.raises(UnreadableImageError, match="Nothing that Trainyard may fetch"):
                await read(fetcher, f"http://127.0.0.1:{server.port}{path}")
        with pytest.raises(InvalidError):
            await read(fetcher, f"http://127.0.0.1:{server.port}/a?to=file:///etc/passwd")
