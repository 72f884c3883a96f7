"""Everything that belongs to somebody; one list, for what takes it along and for what removes it."""

from dataclasses import dataclass

from core.accounts.records import (
    Account,
    ApiToken,
    Identity,
    LinkCode,
    LinkTries,
    Merge,
    Session,
)
from core.conversations.records import Draft, Shortcut
from core.datasets.records import Dataset, Item, Member, Snapshot, Upload
from core.downloads import DownloadLink
from core.jobs.records import Job, LossChunk
from core.models.records import Favourite, NameClaim, TrainedModel
from core.notifications.records import Notification
from core.points.records import Entry, Transfer
from core.ports import Documents
from core.royalties.records import Accrual
from core.topups.records import Payment


@dataclass(frozen=True)
class OwnStores:
    """What names an account."""

    accounts: Documents[Account]
    identities: Documents[Identity]
    tokens: Documents[ApiToken]
    sessions: Documents[Session]
    link_codes: Documents[LinkCode]
    link_tries: Documents[LinkTries]
    merges: Documents[Merge]
    drafts: Documents[Draft]
    shortcuts: Documents[Shortcut]
    datasets: Documents[Dataset]
    items: Documents[Item]
    members: Documents[Member]
    snapshots: Documents[Snapshot]
    uploads: Documents[Upload]
    download_links: Documents[DownloadLink]
    jobs: Documents[Job]
    losses: Documents[LossChunk]
    models: Documents[TrainedModel]
    model_names: Documents[NameClaim]
    favourites: Documents[Favourite]
    notifications: Documents[Notification]
    entries: Documents[Entry]
    transfers: Documents[Transfer]
    accruals: Documents[Accrual]
    payments: Documents[Payment]
