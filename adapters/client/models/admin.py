"""Models of admin; made from the OpenAPI document by `python -m adapters.client.generate`."""

from datetime import datetime
from typing import Literal

from adapters.client.messages import Answer, Body
from adapters.client.models.auto_captions import FailureView, JobStatus, ProgressView
from adapters.client.models.me import IdentityView, QuotasView, Role


class MemberAccountView(Answer):
    """An account as admins see it."""

    id: str
    display_name: str
    role: Role
    quotas: QuotasView
    storage_bytes: int
    balance_points: int
    identities: tuple[IdentityView, ...]
    created_at: datetime


class MemberAccounts(Answer):
    """The accounts that were found."""

    items: tuple[MemberAccountView, ...]


class Grant(Body):
    """The points to give, and what they are for: the person reads that in their statement."""

    points: int
    note: str


Kind = Literal["train", "generate", "caption"]
"""What a job wants done."""


class LeaseView(Answer):
    """The worker that has a job, and until when it may be silent."""

    owner: str
    expires_at: datetime


class JobView(Answer):
    """Anybody's job, of whatever kind."""

    id: str
    kind: Kind
    owner: str
    status: JobStatus
    cancel_requested: bool
    progress: ProgressView
    attempts: int
    held_by: LeaseView | None
    error: FailureView | None
    charged_points: int | None
    created_at: datetime
    updated_at: datetime


Status = Literal[
    "pending", "queued", "preparing", "running", "finishing", "completed", "failed", "cancelled"
]
"""Where a job stands. `pending` may have no hold yet; nobody sees it and no list counts it."""

State = Literal["idle", "busy", "draining", "lost"]
"""How a worker is doing, as others can tell."""


class MemoryView(Answer):
    """Memory of a machine or of a GPU."""

    total_bytes: int
    free_bytes: int


class GpuView(Answer):
    """The GPU that a worker computes on."""

    name: str
    memory: MemoryView


class WorkerView(Answer):
    """A worker, by its own account."""

    name: str
    state: State
    """`lost`: silent for long, but not yet for an hour."""
    code: str
    """Version and digest of the code that it runs."""
    kinds: tuple[Kind, ...]
    families: tuple[str, ...]
    queues: tuple[str, ...]
    memory_gb: int
    """What offerings' vram_gb is measured against."""
    gpu: GpuView | None
    memory: MemoryView
    job: str | None
    """What it is working on."""
    created_at: datetime
    updated_at: datetime
    """When it was heard of last."""


class WaitingView(Answer):
    """How many jobs of each kind wait for a worker."""

    train: int
    generate: int
    caption: int


class FleetView(Answer):
    """Every worker, by name, and what waits for one."""

    items: tuple[WorkerView, ...]
    waiting: WaitingView


class VerdictView(Answer):
    """What was read, and what was found wrong; of the findings the first hundred."""

    entries: int
    jobs: int
    granted_points: int
    charged_points: int
    balances_points: int
    open_holds_points: int
    is_sound: bool
    findings: tuple[str, ...]


class AuditView(Answer):
    """The ledger as it was found; `stop_reason` says why spending is stopped, empty when it is not."""

    verdict: VerdictView
    stop_reason: str


class AdminActView(Answer):
    """One act of an admin; `admin` is an account, or `local` for the command line."""

    id: str
    admin: str
    act: str
    target: str
    detail: str
    created_at: datetime
