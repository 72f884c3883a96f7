"""The account, its tokens and its sessions as the API shows and takes them."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema

from adapters.web.views.common import Form, Time, View
from bots.wording import LANGUAGES
from core.accounts.records import Role, Scope
from core.accounts.service import AccountChange


class QuotasView(View):
    """Limits of an account."""

    max_storage_bytes: int
    max_items_per_dataset: int
    max_running_jobs: int


class AccountView(View):
    """The account that a token speaks for."""

    id: str
    display_name: str
    role: Role
    locale: str
    muted: tuple[str, ...] = Field(description="Platforms to which no direct messages are sent.")
    quotas: QuotasView
    storage_bytes: int
    created_at: Time


def _check_language(locale: str | None) -> str | None:
    if locale is not None and locale not in LANGUAGES:
        raise ValueError(f"choose one of: {', '.join(LANGUAGES)}")
    return locale


Language = Annotated[
    str | None,
    AfterValidator(_check_language),
    WithJsonSchema({"anyOf": [{"type": "string", "enum": [*LANGUAGES]}, {"type": "null"}]}),
]


class AccountForm(Form):
    """What to change about yourself; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"display_name": "Ada", "locale": "de", "muted": []}]}
    )

    display_name: str | None = None
    locale: Language = None
    muted: tuple[str, ...] | None = Field(
        default=None, max_length=20, description="Platforms to send no direct messages to."
    )

    def to_change(self) -> AccountChange:
        return AccountChange(**self.model_dump())


class IdentityView(View):
    """A platform on which you are known."""

    model_config = ConfigDict(extra="ignore")

    id: str
    platform: str
    external_id: str
    created_at: Time


class IdentityList(View):
    """Everywhere that you are known, the oldest first."""

    items: tuple[IdentityView, ...]


class LinkCodeView(View):
    """The code to type with /link on another platform within ten minutes; it is shown this once."""

    code: str


class LinkCodeForm(Form):
    """The code that /link showed you on another platform."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "ABCD-EFGH"}]})

    code: str = Field(max_length=200)


class DeletionForm(Form):
    """Your name as it stands in your account, as a proof that you mean it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Mira"}]})

    name: str = Field(max_length=200)


class TokenView(View):
    """An API token; its text is never shown again."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class NewToken(Form):
    """The token that is wanted; it may do no more than the one that asks for it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "laptop", "scopes": ["read", "write"], "expires_in_days": 90}]
        }
    )

    name: str = Field(min_length=1, max_length=80)
    scopes: frozenset[Scope] = Field(min_length=1)
    expires_in_days: int | None = Field(default=90, ge=1, le=3650)


class MadeToken(View):
    """A new token with its text: keep it, it is shown this once."""

    token: TokenView
    text: str = Field(description="Send it as `Authorization: Bearer …`.")


class SessionView(View):
    """A browser in which you are signed in."""

    model_config = ConfigDict(extra="ignore")

    id: str
    client: str = Field(description="What the browser calls itself.")
    created_at: Time
    last_used_at: Time = Field(description="To the minute.")
    expires_at: Time = Field(description="When it ends unless it is used before.")


class OwnSession(View):
    """The session that a request came in by."""

    session: SessionView
    csrf_token: str = Field(
        description="Send it as `X-CSRF-Token` with every POST, PUT, PATCH and DELETE."
    )
