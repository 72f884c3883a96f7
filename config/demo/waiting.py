"""What the demo waits for after something has ended, and how long."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from adapters.client import TrainyardClient
from adapters.client.models import EarningsView
from core.errors import UnavailableError

_SETTLE_S = 30.0
T = TypeVar("T")


async def wait_until_settled(waiting: Awaitable[T]) -> T:
    """Wait for what has ended. Raises UnavailableError when that takes too long."""
    try:
        async with asyncio.timeout(_SETTLE_S):
            return await waiting
    except TimeoutError as error:
        raise UnavailableError("What had ended was not settled in time.") from error


async def wait_until_paid(person: TrainyardClient) -> EarningsView:
    """Return what the models have earned once all of it is paid out."""
    return await wait_until_settled(_ask_until_paid(person))


async def _ask_until_paid(person: TrainyardClient) -> EarningsView:
    while True:
        found = await person.get_earnings()
        if found.due_points == 0:
            return found
        await asyncio.sleep(0.2)
