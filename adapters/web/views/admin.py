"""What only admins see, as the API shows and takes it."""

from typing import Self

from pydantic import ConfigDict, Field

from adapters.web.views.accounts import IdentityView, QuotasView
from adapters.web.views.common import Form, PageQuery, Time, View
from adapters.web.views.trainings import FailureView, ProgressView
from core.accounts.records import Role
from core.administration import Member
from core.jobs.records import Kind, Status


class AccountQuery(Form):
    """Whom to find."""

    text: str = Field(
        default="", max_length=100, description="A part of the name, or the whole id."
    )


class MemberAccountView(View):
    """An account as admins see it."""

    id: str
    display_name: str
    role: Role
    quotas: QuotasView
    storage_bytes: int
    balance_points: int
    identities: tuple[IdentityView, ...]
    created_at: Time

    @classmethod
    def show(cls, member: Member) -> Self:
        """Show an account with what stands beside it."""
        own = ("id", "display_name", "role", "quotas", "storage_bytes", "created_at")
        shown = {name: getattr(member.account, name) for name in own}
        beside = {"identities": member.identities, "balance_points": member.balance_points}
        return cls.model_validate({**shown, **beside})


class MemberAccounts(View):
    """The accounts that were found."""

    items: tuple[MemberAccountView, ...]


class Grant(Form):
    """The points to give, and what they are for: the person reads that in their statement."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"points": 100, "note": "For the summer contest"}]}
    )

    points: int = Field(ge=1, le=1_000_000_000)
    note: str


class JobQuery(PageQuery):
    """Which jobs are wanted; without a status, all of them."""

    status: Status | None = None


class LeaseView(View):
    """The worker that has a job, and until when it may be silent."""

    model_config = ConfigDict(extra="ignore")

    owner: str
    expires_at: Time


class JobView(View):
    """Anybody's job, of whatever kind."""

    id: str
    kind: Kind
    owner: str
    status: Status
    cancel_requested: bool
    progress: ProgressView
    attempts: int
    held_by: LeaseView | None = Field(validation_alias="lease")
    error: FailureView | None
    charged_points: int | None
    created_at: Time
    updated_at: Time


class VerdictView(View):
    """What was read, and what was found wrong; of the findings the first hundred."""

    entries: int
    jobs: int
    granted_points: int
    charged_points: int
    balances_points: int
    open_holds_points: int
    is_sound: bool
    findings: tuple[str, ...]


class AuditView(View):
    """The ledger as it was found; `stop_reason` says why spending is stopped, empty when it is not."""

    verdict: VerdictView
    stop_reason: str


class AdminActView(View):
    """One act of an admin; `admin` is an account, or `local` for the command line."""

    id: str
    admin: str
    act: str
    target: str
    detail: str
    created_at: Time
