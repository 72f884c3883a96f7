"""Files from the web by their address, never from this machine's own networks; aiohttp, guarded where it connects."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector, hdrs
from yarl import URL

from core.errors import InvalidError, UnreadableImageError

MAX_HOPS = 3
TOTAL_S = 30.0
_CONNECT_S = 5.0
_CHUNK_BYTES = 64 * 1024
_PORTS = (80, 443)
_REDIRECTS = (301, 302, 303, 307, 308)
_UNREACHABLE = "Nothing that Trainyard may fetch is at this address. Download it and send the file."
_DENIED = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            *("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
            *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16"),
            *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
        ),
    )
)
"""Source: the IANA special-purpose address registries, and forms that carry an IPv4 address inside."""


class WebFetcher:
    """Fetches what is public. Each connection is checked by the address that it really goes to."""

    def __init__(self) -> None:
        self._session: ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def fetch(self, url: str) -> AsyncIterator[bytes]:
        """Yield the body of a public http or https address; the caller caps it.

        Raises InvalidError for what is no such address, UnreadableImageError in the same words
        whatever kept it from being fetched: an answer must not tell what is reachable from here.
        """
        try:
            async with asyncio.timeout(TOTAL_S):
                response = await self._open(_check(url))
                async with response:
                    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                        yield chunk
        except (ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            raise UnreadableImageError(_UNREACHABLE) from error

    async def _open(self, url: URL) -> ClientResponse:
        """Follow a few redirects, each checked like the first address."""
        for _ in range(MAX_HOPS + 1):
            response = await self._get_session().get(url, allow_redirects=False)
            if response.status not in _REDIRECTS:
                break
            location = response.headers.get(hdrs.LOCATION, "")
            response.close()
            url = _check(str(url.join(URL(location))))
        if response.status != 200:
            response.close()
            raise UnreadableImageError(_UNREACHABLE)
        return response

    def _get_session(self) -> ClientSession:
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(socket_factory=_make_socket, limit=20),
                timeout=ClientTimeout(total=TOTAL_S, sock_connect=_CONNECT_S),
                trust_env=False,
                auto_decompress=False,
                headers={hdrs.USER_AGENT: "Trainyard", hdrs.ACCEPT_ENCODING: "identity"},
            )
        return self._session


def _check(url: str) -> URL:
    try:
        parsed = URL(url.strip())
        is_fine = parsed.scheme in ("http", "https") and parsed.port in _PORTS and parsed.host
    except ValueError as error:
        raise InvalidError("This is no web address; it begins with https://.") from error
    if not is_fine or parsed.user or parsed.password:
        raise InvalidError("This is no web address; it begins with https://.")
    return parsed


def _make_socket(
    address: Any,
) -> socket.socket:  # Any: getaddrinfo's tuple, as aiohttp hands it over
    family, kind, protocol, _, place = address
    check_public(place[0])
    return socket.socket(family, kind, protocol)


def check_public(host: str) -> None:
    """Raise OSError unless a numeric address is one of the public internet."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if not address.is_global or any(
        address in network for network in _DENIED if network.version == address.version
    ):
        raise OSError("not a public address")
