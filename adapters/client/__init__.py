"""A typed client of the HTTP API: aiohttp and pydantic, and none of the server's code."""

from adapters.client.client import TrainyardClient, connect
from adapters.client.connection import ENDED
from adapters.client.errors import (
    ChangedError,
    ClientError,
    ConflictError,
    DamagedDownloadError,
    ForbiddenError,
    InsufficientPointsError,
    InvalidError,
    NotFoundError,
    ProblemError,
    RefusedError,
    TooLargeError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from adapters.client.uploads import Picture

__all__ = [
    "ENDED",
    "ChangedError",
    "ClientError",
    "ConflictError",
    "DamagedDownloadError",
    "ForbiddenError",
    "InsufficientPointsError",
    "InvalidError",
    "NotFoundError",
    "Picture",
    "ProblemError",
    "RefusedError",
    "TooLargeError",
    "TooManyRequestsError",
    "TrainyardClient",
    "UnauthenticatedError",
    "UnavailableError",
    "UnexpectedAnswerError",
    "UnreachableError",
    "connect",
]
