"""What can go wrong between a program and Trainyard, a class for each thing that a caller does next."""

from collections.abc import Sequence

from pydantic import BaseModel


class FieldProblem(BaseModel):
    """One value that is wrong: where it stands in the request, and what is wrong with it."""

    where: str
    what: str


class Problem(BaseModel):
    """The body of an answer that is a problem (RFC 9457)."""

    detail: str
    code: str
    errors: tuple[FieldProblem, ...] = ()


class ClientError(Exception):
    """Root of all errors of this package; the message is for the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreachableError(ClientError):
    """Nobody answers, or the line broke: whether the request was done is not known."""


class UnexpectedAnswerError(ClientError):
    """The answer is none that this version of the client knows: client and server differ in age."""


class DamagedDownloadError(ClientError):
    """What came is not what was announced; no file was written."""


class ProblemError(ClientError):
    """The server said no, in words for the person; `code` is stable and for programs.

    `retry_after_s` says when to ask again, where the server knows it; `fields` says which values of
    the request are wrong.
    """

    codes: tuple[str, ...] = ()
    status = 0
    """What a class stands for when a code is new to this client."""

    def __init__(
        self,
        message: str,
        code: str,
        fields: Sequence[FieldProblem] = (),
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.fields = tuple(fields)
        self.retry_after_s = retry_after_s


class NotFoundError(ProblemError):
    """It does not exist, or is not yours to see."""

    codes: tuple[str, ...] = ("not_found",)
    status = 404


class RefusedError(ProblemError):
    """It cannot be done as it was asked for."""

    codes: tuple[str, ...] = ("refused",)
    status = 422


class InvalidError(RefusedError):
    """A value is out of bounds or of the wrong shape; see `fields`."""

    codes: tuple[str, ...] = ("invalid",)
    status = 400


class TooLargeError(RefusedError):
    """A body or a quota is exceeded."""

    codes: tuple[str, ...] = ("too_large",)
    status = 413


class InsufficientPointsError(RefusedError):
    """The balance, or the person's own cap, does not cover it."""

    codes: tuple[str, ...] = ("insufficient_points", "over_cap")
    status = 402


class UnauthenticatedError(RefusedError):
    """The token is missing, revoked or expired."""

    codes: tuple[str, ...] = ("unauthenticated",)
    status = 401


class ForbiddenError(RefusedError):
    """The token lacks the scope, or its account the role."""

    codes: tuple[str, ...] = ("forbidden",)
    status = 403


class ConflictError(ProblemError):
    """The state has moved: look again before trying once more."""

    codes: tuple[str, ...] = ("conflict", "already_exists", "stale")
    status = 409


class ChangedError(ConflictError):
    """Somebody else changed it since it was read with the ETag that was sent; nothing was done."""

    codes: tuple[str, ...] = ("changed",)
    status = 412


class UnavailableError(ProblemError):
    """Something is down or busy: the same request may succeed after `retry_after_s`."""

    codes: tuple[str, ...] = ("unavailable",)
    status = 503


class TooManyRequestsError(UnavailableError):
    """This was asked too often."""

    codes: tuple[str, ...] = ("too_many_requests",)
    status = 429


KINDS: tuple[type[ProblemError], ...] = (
    NotFoundError,
    RefusedError,
    InvalidError,
    TooLargeError,
    InsufficientPointsError,
    UnauthenticatedError,
    ForbiddenError,
    ConflictError,
    ChangedError,
    UnavailableError,
    TooManyRequestsError,
)
_BY_CODE = {code: kind for kind in KINDS for code in kind.codes}
_BY_STATUS = {kind.status: kind for kind in KINDS}


def make_error(status: int, body: bytes, retry_after: str | None) -> ProblemError:
    """Make the error that an answer of status 400 or above stands for."""
    try:
        problem = Problem.model_validate_json(body)
    except ValueError:
        problem = Problem(detail=f"The server answered {status}.", code=f"http_{status}")
    kind = _BY_CODE.get(problem.code) or _BY_STATUS.get(status, ProblemError)
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
    return kind(problem.detail, problem.code, problem.errors, seconds)
