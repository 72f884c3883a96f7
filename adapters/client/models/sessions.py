"""Models of sessions; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime

from adapters.client.messages import Answer


class SessionView(Answer):
    """A browser in which you are signed in."""

    id: str
    client: str
    """What the browser calls itself."""
    created_at: datetime
    last_used_at: datetime
    """To the minute."""
    expires_at: datetime
    """When it ends unless it is used before."""


class OwnSession(Answer):
    """The session that a request came in by."""

    session: SessionView
    csrf_token: str
    """Send it as `X-CSRF-Token` with every POST, PUT, PATCH and DELETE."""
