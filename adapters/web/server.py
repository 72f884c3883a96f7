"""How the application is served: bounded, without aiohttp's own noise about what clients do wrong."""

import asyncio
import logging
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEEPALIVE_S = 20.0
"""How long a connection may be without a whole request's head: a silent one, one whose head drips in, and
one that was used before. Longer than the 15 s for which aiohttp's own client keeps connections."""
MAX_CONNECTIONS = 256
SHUTDOWN_S = 10.0


def make_runner(app: web.Application, *, keepalive_s: float = KEEPALIVE_S) -> web.AppRunner:
    """Make the runner of an application; the caller sets it up, gives it a site and cleans it up."""
    return web.AppRunner(
        app,
        logger=_quiet_logger(),
        access_log=None,
        keepalive_timeout=keepalive_s,
        shutdown_timeout=SHUTDOWN_S,
    )


class BoundedSite(web.TCPSite):
    """Listens, and holds at most so many connections of one address; 0 is no bound."""

    def __init__(
        self, runner: web.BaseRunner, host: str, port: int, most: int = MAX_CONNECTIONS
    ) -> None:
        super().__init__(runner, host, port)
        self._most = most

    async def start(self) -> None:
        """Listen as a TCPSite does, with each connection let in or turned away first."""
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Porter(server, self._most), self._host, self._port, backlog=self._backlog
        )


class _Porter(asyncio.Protocol):
    """Sees a connection when it is made, and hands it to the server for good or ends it."""

    def __init__(self, server: web.Server, most: int) -> None:
        self._server = server
        self._most = most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        connection = cast(asyncio.Transport, transport)
        host = _find_host(connection.get_extra_info("peername"))
        held = sum(_find_host(other.peername) == host for other in self._server.connections)
        if self._most and held >= self._most:
            connection.abort()
            return
        handler = self._server()
        connection.set_protocol(handler)
        handler.connection_made(connection)


def _find_host(peer: object) -> str:
    return str(peer[0]) if isinstance(peer, tuple) else ""


def _quiet_logger() -> logging.Logger:
    """Log what is wrong with the server, not each malformed request that somebody sends it."""
    logger = logging.getLogger(f"{__name__}.protocol")
    logger.addFilter(_is_ours)
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)
