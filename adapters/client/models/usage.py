"""Models of usage; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime

from adapters.client.messages import Answer, Body


class UsageForm(Body):
    """What was generated outside."""

    prompt: str
    family: str
    images: int = 1


class UsageView(Answer):
    """A report that was taken; `points` is what it cost."""

    id: str
    images: int
    models: tuple[str, ...]
    points: int
    created_at: datetime
