"""Errors for Sentry: what is logged as one is sent, without anything of a person; imported only where it is set."""

import json
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration

from core.correlation import get_job_id, get_request_id

Event = dict[str, Any]  # Sentry's own


class SentryErrors:
    """Sends errors until closed. `strike` takes secrets out of a text."""

    def __init__(self, dsn: str, process: str, version: str, strike: Callable[[str], str]) -> None:
        def prepare(event: Any, hint: Any) -> Any:  # Sentry's own
            return json.loads(strike(json.dumps(_prepare(event), default=str)))

        sentry_sdk.init(
            dsn=dsn,
            release=f"trainyard@{version}",
            server_name=process,
            include_local_variables=False,
            max_breadcrumbs=0,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration(level=None)],
            before_send=prepare,
        )

    def close(self) -> None:
        """Send what waits, for two seconds at most, and send nothing more."""
        client = sentry_sdk.get_client()
        client.close(timeout=2.0)
        sentry_sdk.get_global_scope().set_client(None)


def _prepare(event: Event) -> Event:
    tags = {"request": get_request_id(), "job": get_job_id()}
    known = {name: value for name, value in tags.items() if value}
    return {**event, "tags": {**(event.get("tags") or {}), **known}}
