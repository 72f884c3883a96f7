"""What the studio stands on: a store for each kind of record, and the ports; one list, read by whoever opens them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, get_type_hints

from core.accounts.records import (
    Account,
    ApiToken,
    Identity,
    LinkCode,
    LinkTries,
    LoginLink,
    Merge,
    Session,
    SignInAttempt,
)
from core.acts import AdminAct
from core.conversations.records import Draft, Receipt, Shortcut
from core.datasets.records import Dataset, Invitation, Item, Member, Snapshot, Upload
from core.downloads import DownloadLink
from core.fleet.records import Worker
from core.jobs.records import Job, LossChunk
from core.leaving.farewells import Farewell
from core.metering import Meter, Unmetered
from core.models.records import Favourite, MapState, NameClaim, TrainedModel
from core.notifications.records import Notification
from core.points.records import Entry, SpendingStop, Transfer
from core.ports import Blobs, Clock, Documents, Drawings, Events, Fetcher, Images, Signer, Wakeups
from core.royalties.records import Accrual, ModelUse
from core.royalties.usage import UsageReport
from core.storage.records import Stray
from core.topups.records import Invoice, Payment

G = TypeVar("G")


@dataclass(frozen=True)
class Stores:
    """One Documents for each kind of record."""

    accounts: Documents[Account]
    identities: Documents[Identity]
    tokens: Documents[ApiToken]
    datasets: Documents[Dataset]
    items: Documents[Item]
    snapshots: Documents[Snapshot]
    jobs: Documents[Job]
    losses: Documents[LossChunk]
    workers: Documents[Worker]
    models: Documents[TrainedModel]
    entries: Documents[Entry]
    stops: Documents[SpendingStop]
    transfers: Documents[Transfer]
    notifications: Documents[Notification]
    drafts: Documents[Draft]
    shortcuts: Documents[Shortcut]
    link_codes: Documents[LinkCode]
    link_tries: Documents[LinkTries]
    merges: Documents[Merge]
    members: Documents[Member]
    invitations: Documents[Invitation]
    uploads: Documents[Upload]
    download_links: Documents[DownloadLink]
    accruals: Documents[Accrual]
    model_uses: Documents[ModelUse]
    usage_reports: Documents[UsageReport]
    login_links: Documents[LoginLink]
    sessions: Documents[Session]
    sign_in_attempts: Documents[SignInAttempt]
    receipts: Documents[Receipt]
    model_names: Documents[NameClaim]
    trigger_maps: Documents[MapState]
    favourites: Documents[Favourite]
    invoices: Documents[Invoice]
    payments: Documents[Payment]
    strays: Documents[Stray]
    admin_acts: Documents[AdminAct]
    farewells: Documents[Farewell]


@dataclass(frozen=True)
class Ports:
    """Everything the core needs from outside."""

    stores: Stores
    blobs: Blobs
    images: Images
    drawings: Drawings
    fetcher: Fetcher
    wakeups: Wakeups
    events: Events
    clock: Clock
    signer: Signer
    meter: Meter = field(default_factory=Unmetered)
    find_free_bytes: Callable[[], int | None] = lambda: None
    """How much is free where blobs are kept; None where that has no end."""


def pick(group: type[G], stores: Stores) -> G:
    """Take the stores of a group by their names."""
    return group(**{name: getattr(stores, name) for name in get_type_hints(group)})
