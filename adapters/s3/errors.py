"""What the S3 client raises, as the core's errors; apart because the translation is total."""

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from core.errors import NotFoundError, StorageFullError, TooLargeError, UnavailableError

DRIVER_ERRORS = (BotoCoreError, ClientError, aiohttp.ClientError, OSError)
"""All that a call of the client may raise for what it could not reach or was answered."""

_MISSING = frozenset({"404", "NoSuchKey"})
_FULL = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})
_TAKEN = frozenset({"412", "PreconditionFailed"})
_RACE = frozenset({"409", "ConditionalRequestConflict", "OperationAborted"})
_ENDED = frozenset({"NoSuchUpload"})
_OUT_OF_RANGE = frozenset({"416", "InvalidRange"})


def get_code(error: Exception) -> str:
    """Return the code of an answer, empty when there was no answer."""
    return str(error.response["Error"].get("Code", "")) if isinstance(error, ClientError) else ""


def is_taken(error: Exception) -> bool:
    """Tell whether a condition was not met: something is there, or it has changed."""
    return get_code(error) in _TAKEN


def is_race(error: Exception) -> bool:
    """Tell whether another writer of the same key was at it; the same request may succeed later."""
    return get_code(error) in _RACE


def is_ended(error: Exception) -> bool:
    """Tell whether an upload in parts is over: completed already, or given up."""
    return get_code(error) in _ENDED


def is_out_of_range(error: Exception) -> bool:
    return get_code(error) in _OUT_OF_RANGE


def translate(error: Exception, key: str) -> Exception:
    """Turn one of DRIVER_ERRORS into the core's; addresses and credentials stay out of the words."""
    if isinstance(error, NoCredentialsError):
        return UnavailableError(
            "The S3 store asks for credentials; set TRAINYARD_S3_ACCESS_KEY and TRAINYARD_S3_SECRET_KEY."
        )
    if not isinstance(error, ClientError):
        return UnavailableError("The S3 store cannot be reached; try again in a moment.")
    code = get_code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return NotFoundError(f"There is no blob {key}.")
    if code in _FULL or status == 507:
        return StorageFullError(
            "No space is left to keep this file; nothing was saved. Try again later."
        )
    if code == "EntityTooLarge":
        return TooLargeError("This file is larger than the S3 store takes.")
    if code == "NoSuchBucket":
        return UnavailableError("The S3 bucket does not exist; check TRAINYARD_S3_BUCKET.")
    if code == "RequestTimeTooSkewed":
        return UnavailableError("The clocks of this machine and of the S3 store differ too much.")
    if status in (401, 403):
        return UnavailableError(
            "The S3 store refuses these credentials or what they may do; check TRAINYARD_S3_…"
        )
    if status == 501:
        return UnavailableError(
            "The S3 store cannot write on a condition (If-None-Match); a newer one is needed."
        )
    return UnavailableError(f"The S3 store failed ({code}); try again in a moment.")
