"""Which request and which job the running code works for; apart because every log line says so, from door to worker."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_request: ContextVar[str] = ContextVar("request", default="")
_job: ContextVar[str] = ContextVar("job", default="")


def new_request_id() -> str:
    """Make the id of a request, 16 hexadecimal digits."""
    return secrets.token_hex(8)


def get_request_id() -> str:
    """Return the id of the request that is answered here, or that asked for the job that is done; else empty."""
    return _request.get()


def get_job_id() -> str:
    """Return the job that is worked on here, else empty."""
    return _job.get()


@contextmanager
def correlated(request: str, job: str = "") -> Iterator[None]:
    """Let everything inside, tasks that it starts included, belong to this request and job."""
    of_request, of_job = _request.set(request), _job.set(job)
    try:
        yield
    finally:
        _request.reset(of_request)
        _job.reset(of_job)
