"""How often somebody may ask: by address where nobody is known, else by account, each kind of action on its own."""

import ipaddress
import logging
import math
import time
from collections.abc import Mapping
from enum import StrEnum

from aiohttp import web
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from core.errors import InvalidError, TooManyRequestsError

_log = logging.getLogger(__name__)


class Action(StrEnum):
    """What is counted apart from the rest."""

    SIGN_IN = "sign_in"
    TOKEN = "token"
    UPLOAD = "upload"
    REQUEST = "request"
    """Whatever else somebody asks who is known."""
    ANONYMOUS = "anonymous"
    """Whatever else is asked by nobody known, wrong tokens among it."""


DEFAULTS: Mapping[Action, str] = {
    Action.SIGN_IN: "20/minute",
    Action.TOKEN: "60/hour",
    Action.UPLOAD: "1200/minute",
    Action.REQUEST: "30000/minute",
    Action.ANONYMOUS: "1200/minute",
}
_SHARED = frozenset({Action.SIGN_IN, Action.TOKEN, Action.UPLOAD})
"""Counted over all servers. The others are counted in each, which costs a thirtieth of that."""


class RateLimits:
    """Counts what is asked, and refuses what is too much.

    `shared` counts over all servers; without it, and while it is down, each server counts by itself.
    `address_header` is what a reverse proxy tells the client's address by; empty: there is none.
    """

    def __init__(
        self,
        limits: Mapping[Action, str] = DEFAULTS,
        shared: Storage | None = None,
        address_header: str = "",
    ) -> None:
        self._items = {action: _parse(action, text) for action, text in limits.items()}
        self._local = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(shared) if shared else self._local
        self._address_header = address_header

    async def hit(self, action: Action, who: str) -> None:
        """Count an action of an account or address. Raises TooManyRequestsError."""
        item, limiter = self._items[action], self._local
        if action in _SHARED:
            limiter = self._shared
        try:
            await _hit(limiter, item, action, who)
        except StorageError as error:
            _log.warning("limits are counted in this server alone: %r", error)
            await _hit(self._local, item, action, who)

    async def hit_from(self, action: Action, request: web.Request) -> None:
        """Count an action of whoever asks from this address. Raises TooManyRequestsError."""
        await self.hit(action, self.find_address(request))

    def find_address(self, request: web.Request) -> str:
        """Return the address that asks, of IPv6 the network that one customer has.

        Of the proxy's header only the last address counts: the proxy wrote it, the rest may be made up.
        """
        told = ""
        if self._address_header:
            told = ",".join(request.headers.getall(self._address_header, ())).rpartition(",")[2]
        for text in (told.strip(), request.remote or ""):
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                continue
            if address.version == 4:
                return str(address)
            return str(ipaddress.ip_network((address, 64), strict=False))
        return "unknown"


LIMITS: web.AppKey[RateLimits] = web.AppKey("limits", RateLimits)


async def _hit(
    limiter: FixedWindowRateLimiter, item: RateLimitItem, action: Action, who: str
) -> None:
    if await limiter.hit(item, action.value, who):
        return
    stats = await limiter.get_window_stats(item, action.value, who)
    wait_s = max(1, math.ceil(stats.reset_time - time.time()))
    raise TooManyRequestsError(
        f"That was too often. Wait {wait_s} seconds, then try again.", retry_after_s=wait_s
    )


def _parse(action: Action, text: str) -> RateLimitItem:
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidError(
            f"The limit {text!r} of {action.value} is not readable; write it as 20/minute."
        ) from error
