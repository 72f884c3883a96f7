"""Models of sharing; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime

from adapters.client.messages import Answer, Body


class InvitationView(Answer):
    """The code to hand on; it is shown this once."""

    code: str


class InvitationCode(Body):
    """The code that somebody was given."""

    code: str


class MemberView(Answer):
    """Somebody who works on a dataset beside its owner."""

    id: str
    display_name: str
    created_at: datetime


class MemberList(Answer):
    """Everybody who has joined, the earliest first."""

    items: tuple[MemberView, ...]
