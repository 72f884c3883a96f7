"""What a web server does between its start and its end."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from limits.aio.storage import Storage

from adapters.redis_limits import open_counts
from adapters.redis_server import wait_until_ready
from adapters.web.app import create_app
from adapters.web.limiting import Action, RateLimits
from adapters.web.server import BoundedSite, make_runner
from config.doors import make_doors, run_doors
from config.messengers import make_conversation
from config.metrics import open_meter, take_gauges
from config.probing import list_checks
from config.processes import end_on_signal
from config.settings import Settings
from config.sign_in import make_sign_in
from config.wiring import open_studio
from core.metering import Measure
from core.studio import Studio

_log = logging.getLogger(__name__)
_RECONCILE_EVERY_S = 300.0
_GAUGE_EVERY_S = 15.0
_REDIS_S = 20.0


async def serve(settings: Settings) -> None:
    """Answer HTTP until told to end; requests that run then have a moment to finish."""
    ending = end_on_signal()
    if settings.runs_own_redis:
        await wait_until_ready(settings.get_redis_url(), _REDIS_S)
    async with AsyncExitStack() as stack:
        meter = stack.enter_context(open_meter(settings, "server", settings.metrics_port))
        studio = await stack.enter_async_context(open_studio(settings, meter))
        counts = await stack.enter_async_context(open_counts(settings.get_redis_url()))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        duties = group.create_task(_do_duties(studio, settings))
        doors = make_doors(settings, studio, make_conversation(settings, studio))
        hooks = {path: hook for door in doors for path, hook in door.hooks.items()}
        app = create_app(
            studio,
            list_checks(studio),
            hooks=hooks,
            limits=make_limits(settings, counts),
            public_url=settings.get_public_url(),
            sign_in=make_sign_in(settings),
        )
        runner = make_runner(app)
        await runner.setup()
        chatting = group.create_task(run_doors(doors))
        try:
            most = 0 if settings.proxy_address_header else settings.connections_per_address
            gc.collect()
            gc.freeze()  # what was loaded to serve stays: collections need not walk it again and again
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


async def _do_duties(studio: Studio, settings: Settings) -> None:
    """Sweep every few seconds; reconcile the ledger and pay royalties at the start and now and then."""

    async def take() -> None:
        await take_gauges(studio, settings)

    duties: dict[str, tuple[Callable[[], Awaitable[object]], float]] = {
        "sweep": (studio.sweeper.sweep, settings.sweep_every_s),
        "reconcile": (studio.operations.gauges.reconcile, _RECONCILE_EVERY_S),
        "storage": (studio.operations.storage.sweep, settings.storage_every_s),
        "payouts": (studio.payouts.sweep, settings.payout_every_s),
    }
    if settings.metrics_port:
        duties["gauges"] = (take, _GAUGE_EVERY_S)
    await asyncio.gather(*(_repeat(studio, name, *duty) for name, duty in duties.items()))


async def _repeat(
    studio: Studio, name: str, duty: Callable[[], Awaitable[object]], every_s: float
) -> None:
    while True:
        try:
            await duty()
        except Exception:  # the duties' door for errors: one that fails must not end the server
            _log.exception("the duty %s failed; it is tried again", name)
            studio.meter.count(Measure.DUTY_FAILURES, duty=name)
        await asyncio.sleep(every_s)
