"""The one error door: whatever goes wrong below it becomes an application/problem+json answer, or a quiet end."""

import logging
import math
import secrets
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from adapters.web.noting import name_route
from adapters.web.views.common import View
from bots.wording import Words
from core import errors

_log = logging.getLogger(__name__)
PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_S = 5
MAX_FIELDS = 20
ANSWERED: web.RequestKey[bool] = web.RequestKey("answered", bool)
"""Set once the head of an answer is on its way; from then on no other answer can be given."""

STATUSES: Mapping[type[errors.TrainyardError], HTTPStatus] = {
    errors.TrainyardError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.RefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnreadableImageError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InsufficientPointsError: HTTPStatus.PAYMENT_REQUIRED,
    errors.UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.AlreadyExistsError: HTTPStatus.CONFLICT,
    errors.StaleError: HTTPStatus.CONFLICT,
    errors.ChangedError: HTTPStatus.PRECONDITION_FAILED,
    errors.LeaseLostError: HTTPStatus.CONFLICT,
    errors.UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.TrainingError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Every class of the error tree by its HTTP status; a class made later takes its parent's."""


class FieldProblem(View):
    """One value that is wrong: where it stands in the request, and what is wrong with it."""

    where: str
    what: str


class Problem(View):
    """An error as RFC 9457 has it; `code` is stable, `detail` is for the person, in the language that
    Accept-Language begins with, where it is known here, else in English."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[FieldProblem, ...] = ()


class InvalidFieldsError(errors.InvalidError):
    """Values of a request do not have the shape that the operation takes."""

    def __init__(self, fields: tuple[FieldProblem, ...]) -> None:
        super().__init__("; ".join(f"{field.where} {field.what}" for field in fields[:3]) + ".")
        self.fields = fields


def explain(error: ValidationError, place: str) -> InvalidFieldsError:
    """Say in words what pydantic found in `place` (body or query), at most MAX_FIELDS findings."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return InvalidFieldsError(
        tuple(
            FieldProblem(
                where=".".join((place, *(str(part)[:60] for part in finding["loc"]))),
                what=_word(finding["type"], finding["msg"]),
            )
            for finding in found[:MAX_FIELDS]
        )
    )


def read_words(request: web.Request) -> Words:
    """Return the words of the language that the request asks for."""
    return Words(request.headers.get(hdrs.ACCEPT_LANGUAGE, "").partition(",")[0])


def get_status(kind: type[errors.TrainyardError]) -> HTTPStatus:
    """Return the status of an error class: its own, else that of its nearest parent."""
    return next(STATUSES[parent] for parent in kind.__mro__ if parent in STATUSES)


@web.middleware
async def error_door(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error of the handlers below as a problem.

    A client that went away is nobody's error: ConnectionError passes, and aiohttp ends quietly.
    """
    try:
        return await handler(request)
    except ConnectionError:
        raise
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        answer = _answer_http(request, error)
    except errors.TrainyardError as error:
        answer = _answer_ours(request, error)
    except (HttpProcessingError, web.RequestPayloadError):
        answer = make_response(_problem(HTTPStatus.BAD_REQUEST, "The body is cut short or broken."))
        answer.force_close()
    except Exception:
        answer = _answer_unexpected(request)
    if request.get(ANSWERED):
        raise ConnectionAbortedError("an answer had begun; the client must see it end too soon")
    return answer


def make_response(problem: Problem) -> web.Response:
    """Write a problem down."""
    empty = {"errors"} if not problem.errors else None
    response = web.Response(
        status=problem.status,
        body=problem.model_dump_json(exclude=empty).encode(),
        content_type=PROBLEM_JSON,
    )
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers[hdrs.RETRY_AFTER] = str(RETRY_AFTER_S)
    return response


def _problem(status: HTTPStatus, detail: str, code: str | None = None) -> Problem:
    words = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return Problem(title=status.phrase, status=status, detail=detail, code=code or words)


def _answer_ours(request: web.Request, error: errors.TrainyardError) -> web.Response:
    status = get_status(type(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return _answer_unexpected(request)
    problem = _problem(status, read_words(request).known(error.message), error.code)
    if isinstance(error, InvalidFieldsError):
        problem = problem.model_copy(update={"errors": error.fields})
    elif isinstance(error, errors.InvalidError) and error.field:
        found = FieldProblem(where=f"body.{error.field}", what=problem.detail)
        problem = problem.model_copy(update={"errors": (found,)})
    response = make_response(problem)
    if isinstance(error, errors.UnavailableError) and error.retry_after_s is not None:
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(error.retry_after_s))
    return response


def _answer_http(request: web.Request, error: web.HTTPException) -> web.Response:
    status = HTTPStatus(error.status)
    detail = error.text or status.description
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"This address does not take {request.method[:20]}; it takes {allowed}."
    elif isinstance(error, web.HTTPNotFound):
        detail = "There is nothing at this address; /api/v1/openapi.json lists what there is."
    response = make_response(_problem(status, detail))
    for name in (hdrs.ALLOW, hdrs.CONTENT_RANGE):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def _answer_unexpected(request: web.Request) -> web.Response:
    """Log the exception being handled under a number that the person can pass on."""
    number = secrets.token_hex(4)
    _log.exception("error %s in %s %s", number, request.method, name_route(request))
    detail = f"Something went wrong here. Tell the operator the number {number}."
    return make_response(_problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail))


def _word(kind: str, message: str) -> str:
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not known here"
    return "is wrong: " + message[:1].lower() + message[1:200]
