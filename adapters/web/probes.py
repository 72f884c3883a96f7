"""What a load balancer or an orchestrator asks for: `/healthz`, which is cheap, and `/readyz`, which looks."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from adapters.web.problems import RETRY_AFTER_S

Check = Callable[[], Awaitable[None]]
CHECK_S = 5.0
FRESH_S = 2.0
"""As long as an answer holds, so that whoever asks often cannot load what is looked at."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """What a check found: how long it took, and whether it works."""

    is_well: bool
    took_ms: float


class Readiness:
    """Looks at everything that the server needs, each within a deadline."""

    def __init__(
        self, checks: Mapping[str, Check], *, within_s: float = CHECK_S, fresh_s: float = FRESH_S
    ) -> None:
        self._checks = dict(checks)
        self._within_s = within_s
        self._fresh_s = fresh_s
        self._looking = asyncio.Lock()
        self._known: dict[str, Finding] = {}
        self._known_at_s = float("-inf")

    async def look(self) -> dict[str, Finding]:
        """Return what was found just now, or a moment ago."""
        async with self._looking:
            loop = asyncio.get_running_loop()
            if loop.time() - self._known_at_s >= self._fresh_s:
                found = await asyncio.gather(*map(self._try, self._checks.items()))
                self._known = dict(zip(self._checks, found, strict=True))
                self._known_at_s = loop.time()
            return self._known

    async def _try(self, named: tuple[str, Check]) -> Finding:
        name, check = named
        loop = asyncio.get_running_loop()
        began_s, is_well = loop.time(), True
        try:
            async with asyncio.timeout(self._within_s):
                await check()
        except Exception as error:  # whatever is wrong with it, it does not work
            _log.warning("not ready: %s: %r", name, error)
            is_well = False
        return Finding(is_well, round((loop.time() - began_s) * 1000, 1))


READINESS: web.AppKey[Readiness] = web.AppKey("readiness", Readiness)


async def answer_health(request: web.Request) -> web.Response:
    """Say that the process answers; looks at nothing."""
    return web.json_response({"status": "ok"})


async def answer_readiness(request: web.Request) -> web.Response:
    """Say what works and what does not; 503 unless everything does. Reasons are in the log alone."""
    found = await request.app[READINESS].look()
    is_ready = all(finding.is_well for finding in found.values())
    body = {
        "status": "ready" if is_ready else "not ready",
        "failed": [name for name, finding in found.items() if not finding.is_well],
        "checks": {
            name: {"status": "ok" if finding.is_well else "failed", "ms": finding.took_ms}
            for name, finding in found.items()
        },
    }
    return web.Response(
        status=200 if is_ready else 503,
        body=json.dumps(body).encode(),
        content_type="application/json",
        headers={} if is_ready else {"Retry-After": str(RETRY_AFTER_S)},
    )


PROBES = (web.get("/healthz", answer_health), web.get("/readyz", answer_readiness))
