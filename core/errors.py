"""Every error Trainyard raises, sorted by what the caller does next; apart so that doors translate one tree."""


class TrainyardError(Exception):
    """Root of all errors; `code` is stable and public, the message is for the person."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class NotFoundError(TrainyardError):
    """It does not exist, or this principal may not see it: the same words either way."""

    code = "not_found"


class RefusedError(TrainyardError):
    """The request cannot be granted as it is: tell the person what to change."""

    code = "refused"


class InvalidError(RefusedError):
    """A value is out of its bounds or of the wrong shape; `field` names it where it is one of several."""

    code = "invalid"

    def __init__(self, message: str, *, code: str | None = None, field: str = "") -> None:
        super().__init__(message, code=code)
        self.field = field


class TooLargeError(RefusedError):
    """A body or a quota is exceeded."""

    code = "too_large"


class UnreadableImageError(RefusedError):
    """These bytes are no image that Trainyard accepts."""

    code = "unreadable_image"


class InsufficientPointsError(RefusedError):
    """The balance does not cover the hold."""

    code = "insufficient_points"


class OverCapError(RefusedError):
    """The person's own cap leaves less than this costs."""

    code = "over_cap"


class UndeliverableError(RefusedError):
    """This person cannot be written to there, now or later: the platform's final answer."""

    code = "undeliverable"


class UnauthenticatedError(RefusedError):
    """Nobody is signed in, or the token is not valid."""

    code = "unauthenticated"


class ForbiddenError(RefusedError):
    """The principal is known but lacks the role or scope for this operation."""

    code = "forbidden"


class ConflictError(TrainyardError):
    """The state has moved: look again before trying once more."""

    code = "conflict"


class AlreadyExistsError(ConflictError):
    """A unique key is taken; `key` names which one."""

    code = "already_exists"

    def __init__(self, message: str, *, key: str) -> None:
        super().__init__(message)
        self.key = key


class StaleError(ConflictError):
    """The version that was read is no longer the stored one."""

    code = "stale"


class ChangedError(ConflictError):
    """Somebody else changed it since this person read it; nothing was changed."""

    code = "changed"


class LeaseLostError(ConflictError):
    """Another worker holds this job now, or it ended: stop at once and write nothing."""

    code = "lease_lost"


class UnavailableError(TrainyardError):
    """Something needed is down or busy: the same request may succeed later.

    `retry_after_s` says when, where that is known.
    """

    code = "unavailable"

    def __init__(
        self, message: str, *, code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class TooManyRequestsError(UnavailableError):
    """This was asked too often."""

    code = "too_many_requests"


class StorageFullError(UnavailableError):
    """No space is left where bytes are kept."""

    code = "storage_full"


class DamagedError(UnavailableError):
    """What is stored cannot be read: nothing was changed, the operator must look."""

    code = "damaged"


class TrainingError(TrainyardError):
    """The training cannot succeed as specified: fail the job and give the points back."""

    code = "training_failed"
