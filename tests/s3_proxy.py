"""A proxy before an S3 server that fails as networks and stores do: errors, lost answers, cut and slow bodies.

It also keeps conditional writes of a key apart: the server of the tests looks and writes in two steps.
"""

import asyncio
import io
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

_CHUNK_BYTES = 64 * 1024
_MAX_BODY_BYTES = 64 * 1024 * 1024
_HOP_HEADERS = frozenset({"connection", "expect", "keep-alive", "transfer-encoding"})


@dataclass
class Faults:
    """How often what goes wrong; `seen` counts what did."""

    error_rate: float = 0
    """Of requests that are answered with an error or a cut connection, and not passed on."""
    lost_rate: float = 0
    """Of requests that are passed on, and whose answer is lost."""
    cut_rate: float = 0
    """Of downloads that end in their middle."""
    cuts_at_once: bool = False
    """Cut downloads end before their first byte."""
    refuse: str = ""
    """Requests whose address has this are forbidden."""
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    pause_s: float = 0
    """Between two chunks of a download."""
    chooser: random.Random = field(default_factory=lambda: random.Random(7))
    seen: Counter[str] = field(default_factory=Counter)
    most_bytes: int = 0
    """Of one request's body."""

    def strikes(self, name: str, rate: float) -> bool:
        strikes = self.chooser.random() < rate
        self.seen[name] += strikes
        return strikes


@asynccontextmanager
async def open_proxy(target: str, faults: Faults) -> AsyncIterator[str]:
    """Serve before `target` and give the URL."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        proxy = _Proxy(target, faults, session)
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


class _Proxy:
    def __init__(self, target: str, faults: Faults, session: aiohttp.ClientSession) -> None:
        self._target = target
        self._faults = faults
        self._session = session
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._faults.most_bytes = max(self._faults.most_bytes, len(body))
        self._faults.seen["requests"] += 1
        if self._faults.refuse and self._faults.refuse in request.raw_path:
            self._faults.seen["refused"] += 1
            self._faults.refused.set()
            return _say(403, "AccessDenied")
        if self._faults.strikes("errors", self._faults.error_rate):
            return self._fail(request)
        if "If-None-Match" in request.headers:
            async with self._locks[request.path]:
                return await self._pass_on(request, body)
        return await self._pass_on(request, body)

    def _fail(self, request: web.Request) -> web.StreamResponse:
        kind = self._faults.chooser.randrange(3)
        if kind == 0:
            return _abort(request)
        return _say(503, "SlowDown") if kind == 1 else _say(500, "InternalError")

    async def _pass_on(self, request: web.Request, body: bytes) -> web.StreamResponse:
        headers = [(n, v) for n, v in request.headers.items() if n.lower() not in _HOP_HEADERS]
        url = URL(f"{self._target}{request.raw_path}", encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=io.BytesIO(body), allow_redirects=False
        ) as answer:
            if self._faults.strikes("lost", self._faults.lost_rate):
                return _abort(request)
            return await self._answer(request, answer)

    async def _answer(
        self, request: web.Request, answer: aiohttp.ClientResponse
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in _HOP_HEADERS:
                response.headers.add(name, value)
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        whole = await answer.read()
        is_cut = len(whole) > 1000 and self._faults.strikes("cut", self._faults.cut_rate)
        end = len(whole)
        if is_cut:
            end = 0 if self._faults.cuts_at_once else self._faults.chooser.randrange(1, end)
        for start in range(0, end, _CHUNK_BYTES):
            await response.write(whole[start : min(start + _CHUNK_BYTES, end)])
            await asyncio.sleep(self._faults.pause_s)
        if is_cut:
            return _abort(request, response)
        await response.write_eof()
        return response


def _say(status: int, code: str) -> web.StreamResponse:
    text = f"<Error><Code>{code}</Code><Message>planned</Message></Error>"
    return web.Response(status=status, text=text, content_type="application/xml")


def _abort(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Cut the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response()
