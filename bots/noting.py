"""What is noted of each message that is answered: its id for logs and jobs, and how long it took."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from bots.catalogue import Catalogue
from bots.dialog import Answer
from bots.incoming import Incoming
from core.correlation import correlated, new_request_id
from core.metering import Measure
from core.studio import Studio


class Answering(Protocol):
    """What answers."""

    studio: Studio
    catalogue: Catalogue


A = TypeVar("A", bound=Answering)
Handle = Callable[[A, Incoming], Coroutine[Any, Any, Answer]]  # of a coroutine nobody sends to


def noted(handle: Handle[A]) -> Handle[A]:
    """Let a message be answered within a request id of its own, and be timed."""

    @functools.wraps(handle)
    async def answer(answering: A, incoming: Incoming) -> Answer:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        with correlated(new_request_id()):
            name = _name(answering.catalogue, incoming)
            try:
                with answering.studio.meter.span(f"{incoming.spot.platform} {name}"):
                    return await handle(answering, incoming)
            finally:
                answering.studio.meter.observe(
                    Measure.BOT_S,
                    loop.time() - began_s,
                    platform=incoming.spot.platform,
                    command=name,
                )

    return answer


def _name(catalogue: Catalogue, incoming: Incoming) -> str:
    """Name what came in, with few names: a command that there is, or the kind of message."""
    if incoming.command:
        return incoming.command if incoming.command in catalogue.commands else "unknown"
    if incoming.button:
        return "(button)"
    return "(pictures)" if incoming.pictures else "(text)"
