"""The client: every operation of the API, and the few things that take more than one of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp

from adapters.client.models.generations import GenerationView
from adapters.client.models.trainings import TrainingView
from adapters.client.operations import EveryOperation
from adapters.client.uploads import PictureUploads

_SETTLING_S = 0.2
_PREFIX = "api/v1"
J = TypeVar("J", TrainingView, GenerationView)


class TrainyardClient(PictureUploads, EveryOperation):
    """Trainyard's HTTP API, a method an operation, by the document's names.

    Methods raise ClientError: ProblemError, by its kinds, when the server says no; UnreachableError
    when nobody answers. What may be repeated safely is, a few times.
    """

    async def wait_for_training(self, training_id: str) -> TrainingView:
        """Return a training once it has ended and its points, model and news are dealt with."""
        async for _ in self.follow_training(training_id):
            pass
        return await _wait_until_settled(lambda: self.get_training(training_id))

    async def wait_for_generation(self, generation_id: str) -> GenerationView:
        """Return a generation once it has ended and its points are dealt with."""
        async for _ in self.follow_generation(generation_id):
            pass
        return await _wait_until_settled(lambda: self.get_generation(generation_id))


@asynccontextmanager
async def connect(url: str, token: str = "") -> AsyncIterator[TrainyardClient]:
    """Open a client for the server at `url`; without a token it may ask what is open to everyone."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    base = f"{url.rstrip('/')}/{_PREFIX}/"
    async with aiohttp.ClientSession(base, headers=headers) as session:
        yield TrainyardClient(session)


async def _wait_until_settled(get: Callable[[], Awaitable[J]]) -> J:
    while True:
        found = await get()
        if found.settled:
            return found
        await asyncio.sleep(_SETTLING_S)
