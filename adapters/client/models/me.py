"""Models of me; made from the OpenAPI document by `python -m adapters.client.generate`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body

Role = Literal["member", "admin"]
"""What an account may do beyond its own things."""


class QuotasView(Answer):
    """Limits of an account."""

    max_storage_bytes: int
    max_items_per_dataset: int
    max_running_jobs: int


class AccountView(Answer):
    """The account that a token speaks for."""

    id: str
    display_name: str
    role: Role
    locale: str
    muted: tuple[str, ...]
    """Platforms to which no direct messages are sent."""
    quotas: QuotasView
    storage_bytes: int
    created_at: datetime


class AccountForm(Body):
    """What to change about yourself; what is left out stays."""

    display_name: str | None = None
    locale: Literal["en", "de"] | None = None
    muted: Sequence[str] | None = None
    """Platforms to send no direct messages to."""


class DeletionForm(Body):
    """Your name as it stands in your account, as a proof that you mean it."""

    name: str


class IdentityView(Answer):
    """A platform on which you are known."""

    id: str
    platform: str
    external_id: str
    created_at: datetime


class IdentityList(Answer):
    """Everywhere that you are known, the oldest first."""

    items: tuple[IdentityView, ...]


class LinkCodeView(Answer):
    """The code to type with /link on another platform within ten minutes; it is shown this once."""

    code: str


class LinkCodeForm(Body):
    """The code that /link showed you on another platform."""

    code: str


Scope = Literal["read", "write", "spend", "admin"]
"""What an API token may do; a session may do all of them."""


class TokenView(Answer):
    """An API token; its text is never shown again."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewToken(Body):
    """The token that is wanted; it may do no more than the one that asks for it."""

    name: str
    scopes: Sequence[Scope]
    expires_in_days: int | None = 90


class MadeToken(Answer):
    """A new token with its text: keep it, it is shown this once."""

    token: TokenView
    text: str
    """Send it as `Authorization: Bearer …`."""
