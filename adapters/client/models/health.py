"""Models of health; made from the OpenAPI document by `python -m adapters.client.generate`."""

from adapters.client.messages import Answer


class Health(Answer):
    """The server answers."""

    status: str = "ok"


class Readiness(Answer):
    """Everything that the server needs works, by name."""

    status: str = "ready"
    checks: tuple[str, ...]
