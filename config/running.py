"""What a web server does between its start and its end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from limits.aio.storage import Storage

from adapters.redis_limits import open_counts
from adapters.redis_server import wait_until_ready
from adapters.web.app import create_app
from adapters.web.limiting import Action, RateLimits
from adapters.web.server import BoundedSite, make_runner
from config.doors import make_conversation, make_doors, run_doors
from config.processes import end_on_signal
from config.settings import Settings
from config.wiring import open_studio
from core.studio import Studio

_log = logging.getLogger(__name__)
_RECONCILE_EVERY_S = 300.0
_REDIS_S = 20.0


async def serve(settings: Settings) -> None:
    """Answer HTTP until told to end; requests that run then have a moment to finish."""
    ending = end_on_signal()
    if settings.runs_own_redis:
        await wait_until_ready(settings.get_redis_url(), _REDIS_S)
    async with (
        open_studio(settings) as studio,
        open_counts(settings.get_redis_url()) as counts,
        asyncio.TaskGroup() as group,
    ):
        duties = group.create_task(_do_duties(studio, settings))
        doors = make_doors(settings, studio, make_conversation(settings, studio))
        hooks = {path: hook for door in doors for path, hook in door.hooks.items()}
        app = create_app(
            studio,
            _list_checks(studio),
            hooks=hooks,
            limits=make_limits(settings, counts),
            public_url=settings.get_public_url(),
        )
        runner = make_runner(app)
        await runner.setup()
        chatting = group.create_task(run_doors(doors))
        try:
            most = 0 if settings.proxy_address_header else settings.connections_per_address
            await BoundedSite(runner, settings.http_host, settings.http_port, most).start()
            _log.info("serving on %s", settings.get_public_url())
            await ending.wait()
        finally:
            chatting.cancel()
            await runner.cleanup()
            duties.cancel()


def make_limits(settings: Settings, counts: Storage) -> RateLimits:
    """Make the limits of a server. Raises InvalidError for one that is not readable."""
    chosen = {
        Action.SIGN_IN: settings.sign_in_limit,
        Action.TOKEN: settings.token_limit,
        Action.UPLOAD: settings.upload_limit,
        Action.REQUEST: settings.request_limit,
        Action.ANONYMOUS: settings.anonymous_limit,
    }
    return RateLimits(chosen, counts, settings.proxy_address_header)


def _list_checks(studio: Studio) -> dict[str, Callable[[], Awaitable[None]]]:
    async def check_database() -> None:
        await studio.points.get_balance("nobody")

    return {"database": check_database, "queue": studio.wakeups.check}


async def _do_duties(studio: Studio, settings: Settings) -> None:
    """Sweep every few seconds; reconcile the ledger and pay royalties at the start and now and then."""
    await asyncio.gather(
        _repeat(studio.sweeper.sweep, settings.sweep_every_s),
        _repeat(studio.reconciler.reconcile, _RECONCILE_EVERY_S),
        _repeat(studio.payouts.sweep, settings.payout_every_s),
    )


async def _repeat(duty: Callable[[], Awaitable[object]], every_s: float) -> None:
    while True:
        try:
            await duty()
        except Exception:  # the duties' door for errors: one that fails must not end the server
            _log.exception("a duty failed; it is tried again")
        await asyncio.sleep(every_s)
