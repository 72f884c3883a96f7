"""How the application is served: bounded, without aiohttp's own noise about what clients do wrong."""

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

KEEPALIVE_S = 75.0
SHUTDOWN_S = 10.0


def make_runner(app: web.Application) -> web.AppRunner:
    """Make the runner of an application; the caller sets it up, gives it a site and cleans it up."""
    return web.AppRunner(
        app,
        logger=_quiet_logger(),
        access_log=None,
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=SHUTDOWN_S,
    )


def _quiet_logger() -> logging.Logger:
    """Log what is wrong with the server, not each malformed request that somebody sends it."""
    logger = logging.getLogger(f"{__name__}.protocol")
    logger.addFilter(_is_ours)
    return logger


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)
