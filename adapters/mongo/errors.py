"""What MongoDB's driver raises, as the core's errors; apart because the translation is total."""

from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    ConfigurationError,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from core.errors import (
    InvalidError,
    RefusedError,
    StorageFullError,
    TooLargeError,
    UnavailableError,
)

DRIVER_ERRORS = (PyMongoError, BSONError, OverflowError)
"""All that a call of the driver may raise for what it was given or could not reach."""

_OUT_OF_DISK = frozenset({14031, 12501})
_NOT_ALLOWED = frozenset({13, 18, 8000})
_FAILOVER = frozenset({6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
"""Source: the retryable codes of the MongoDB driver specification (retryable writes)."""


def is_passing(error: Exception) -> bool:
    """Tell whether the same call may succeed in a moment: a connection was cut, or another primary comes.

    A server that could not be found was waited for already.
    """
    if isinstance(error, ServerSelectionTimeoutError):
        return False
    if isinstance(error, OperationFailure):
        return error.code in _FAILOVER
    return isinstance(error, AutoReconnect)


def translate(error: Exception) -> Exception:
    """Turn one of DRIVER_ERRORS into the core's; addresses and what was written stay out of the words."""
    if isinstance(error, DocumentTooLarge):
        return TooLargeError("This is more than one record can hold (16 MB); nothing was saved.")
    if isinstance(error, BSONError | OverflowError):
        return InvalidError("A value is too large or of a kind that cannot be kept.")
    if isinstance(error, WTimeoutError):
        return UnavailableError(
            "Too few database servers confirmed this in time; look again before you repeat it."
        )
    if isinstance(error, OperationFailure):
        return _translate_failure(error)
    if isinstance(error, ConfigurationError):
        return RefusedError(
            "The database cannot be used with these settings; check TRAINYARD_MONGODB_URL."
        )
    return UnavailableError("The database cannot be reached; try again in a moment.")


def _translate_failure(error: OperationFailure) -> Exception:
    if error.code in _OUT_OF_DISK:
        return StorageFullError(
            "The database's disk is full; nothing was saved. Free some space and try again."
        )
    if error.code in _NOT_ALLOWED:
        return UnavailableError(
            "The database refuses this login or what it may do; check TRAINYARD_MONGODB_URL."
        )
    if error.code == 20:  # a transaction number on a server without a replica set
        return RefusedError(
            "This MongoDB server stands alone; add retryWrites=false to TRAINYARD_MONGODB_URL."
        )
    return UnavailableError(f"The database failed (code {error.code}).")
