"""One MongoDB database: how it is spoken to, how long is waited, and what is tried again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import ReadPreference
from pymongo.errors import DuplicateKeyError, PyMongoError

from adapters.mongo.errors import DRIVER_ERRORS, is_passing, translate
from adapters.mongo.layouts import claim_layout
from adapters.mongo.values import Document
from core.endings import finish_anyway
from core.errors import InvalidError

T = TypeVar("T")
Work = Callable[[bool], Awaitable[T]]
"""Does one call or a few; it is told whether it was begun before, with an end that nobody knows."""

_PAUSES_S = (0.05, 0.2, 0.8, 2.0)
"""Before the calls after the first; for a primary that is gone the driver itself waits."""
_OPTIONS: dict[str, Any] = {  # as the client takes them
    "w": "majority",
    "journal": True,
    "wTimeoutMS": 10_000,
    "retryWrites": True,
    "connectTimeoutMS": 5_000,
    "serverSelectionTimeoutMS": 15_000,  # an election takes up to 12 s with MongoDB's defaults
    "socketTimeoutMS": 30_000,
    "waitQueueTimeoutMS": 10_000,
    "appName": "trainyard",
}
"""What an address may say otherwise, each for itself."""


class MongoDatabase:
    """A client of a database, for one event loop.

    A write that returned is on the disks of most servers of a replica set. Reads ask the primary:
    the ledger may not decide on what another server has yet to hear.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._name = name
        self._client: AsyncIOMotorClient[Document] | None = None

    async def __aenter__(self) -> Self:
        """Connect. Raises RefusedError when a newer Trainyard wrote the data, UnavailableError, and
        InvalidError for what is no address."""
        try:
            said = {name.lower() for name, _ in parse_qsl(urlsplit(self._url).query)}
            options = {name: value for name, value in _OPTIONS.items() if name.lower() not in said}
            self._client = AsyncIOMotorClient(self._url, **options)
        except (PyMongoError, ValueError) as error:
            raise InvalidError(
                "TRAINYARD_MONGODB_URL is no address of a MongoDB server: "
                "mongodb://name:password@host:27017/?option=value"
            ) from error
        try:
            await claim_layout(self)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._client is not None:  # it says goodbye to a server that may be away
            await finish_anyway(asyncio.to_thread(self._client.close))

    def get_database(self) -> AsyncIOMotorDatabase[Document]:
        assert self._client is not None
        return self._client.get_database(self._name, read_preference=ReadPreference.PRIMARY)

    def get_collection(self, name: str) -> AsyncIOMotorCollection[Document]:
        return self.get_database()[name]

    async def read(self, work: Work[T]) -> T:
        """Do this, again after a failover, a few times. Raises UnavailableError and its kin."""
        pauses = iter(_PAUSES_S)
        is_again = False
        while True:
            try:
                return await work(is_again)
            except DuplicateKeyError:  # for the caller, who knows the keys
                raise
            except DRIVER_ERRORS as error:
                pause_s = next(pauses, None) if is_passing(error) else None
                if pause_s is None:
                    raise translate(error) from error
            is_again = True
            await asyncio.sleep(pause_s * random.uniform(0.5, 1))

    async def write(self, work: Work[T]) -> T:
        """Do this like `read`; a caller that is cancelled waits until its end is known."""
        return await finish_anyway(self.read(work))
